"""User data for cloud-init: the user's own, and what the arguments say, in one message of several parts.

cloud-init merges parts in order. The user's comes first; ours adds what is missing and appends to lists, so that what the user
says himself holds. A third part runs at every boot, because what the seed says may have changed, and `/run` forgets.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from email import message_from_string
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

Plain = Any

_MERGE = "list(append)+dict(no_replace,recurse_list)+str()"

_BOOTHOOK = """#cloud-boothook
#!/bin/sh
# Brings what the seed says today into this boot: the cluster's context, and the names of its members.
mkdir -p /run/vw/seed
device=$(blkid -L cidata) || exit 0
mount -t iso9660 -o ro "$device" /run/vw/seed || exit 0
if [ -f /run/vw/seed/vw/context.json ]; then
    cp /run/vw/seed/vw/context.json /run/vw/context.json
fi
if [ -f /run/vw/seed/vw/hosts ]; then
    sed '/^# vwplan begin$/,/^# vwplan end$/d' /etc/hosts >/run/vw/hosts
    cat /run/vw/seed/vw/hosts >>/run/vw/hosts
    cat /run/vw/hosts >/etc/hosts
fi
umount /run/vw/seed
"""

_TYPES = {
    "#!": "x-shellscript",
    "#cloud-config": "cloud-config",
    "#cloud-boothook": "cloud-boothook",
    "#include": "x-include-url",
    "#part-handler": "part-handler",
    "## template: jinja": "jinja2",
}


def cloud_config(hostname: str, arguments: Mapping[str, Plain], ssh_host_key: str = "") -> dict[str, Plain]:
    """What the arguments say, in cloud-init's words. What they leave out is left out."""
    config: dict[str, Plain] = {"hostname": hostname, "preserve_hostname": False, "locale": "C.UTF-8"}
    if arguments.get("ssh_keys"):
        config["ssh_authorized_keys"] = [key.strip() for key in arguments["ssh_keys"]]
    if arguments.get("user"):
        config["users"] = ["default", *(_user(name, user) for name, user in sorted(arguments["user"].items()))]
    if arguments.get("packages"):
        config["package_update"] = True
        config["packages"] = list(arguments["packages"])
    if arguments.get("file"):
        config["write_files"] = [_file(path, file) for path, file in sorted(arguments["file"].items())]
    if arguments.get("service"):
        config["runcmd"] = [_service(name, service) for name, service in sorted(arguments["service"].items())]
    if ssh_host_key:
        config["ssh_keys"] = {"ed25519_private": ssh_host_key, "ed25519_public": public_key_of(ssh_host_key)}
    return config


def _user(name: str, user: Mapping[str, Plain]) -> dict[str, Plain]:
    made: dict[str, Plain] = {"name": name, "lock_passwd": True}
    if user.get("groups"):
        made["groups"] = list(user["groups"])
    if user.get("shell"):
        made["shell"] = user["shell"]
    if user.get("ssh_keys"):
        made["ssh_authorized_keys"] = [key.strip() for key in user["ssh_keys"]]
    if user.get("sudo"):
        made["sudo"] = "ALL=(ALL) NOPASSWD:ALL"
    return made


def _file(path: str, file: Mapping[str, Plain]) -> dict[str, Plain]:
    owner = file.get("owner") or "root:root"
    made = {
        "path": path,
        "encoding": "b64",
        "content": base64.b64encode(content_of(file)).decode(),
        "permissions": file.get("mode") or "0644",
        "owner": owner,
    }
    # Files come before users, but for those put off.
    return made if owner.partition(":")[0] == "root" else {**made, "defer": True}


def content_of(file: Mapping[str, Plain]) -> bytes:
    """The bytes of a file to be put into the guest; given as text, or as bytes where they were read from a file."""
    content = file.get("content") or b""
    return content if isinstance(content, bytes) else str(content).encode()


def _service(name: str, service: Mapping[str, Plain]) -> list[str]:
    verb = "disable" if service.get("enabled") is False else "enable"
    return ["systemctl", verb, "--now", str(service.get("unit") or name)]


def public_key_of(private: str) -> str:
    """The public half of an OpenSSH private key, as one line."""
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_ssh_private_key(private.encode(), None)
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return key.public_key().public_bytes(*form).decode()


def user_data(hostname: str, arguments: Mapping[str, Plain], ssh_host_key: str = "") -> str:
    """The whole message. Its boundary is a digest of what is in it, so that the same comes out the same."""
    own = str(arguments.get("user_data") or "")
    config = "#cloud-config\n" + json.dumps(
        cloud_config(hostname, arguments, ssh_host_key), indent=1, sort_keys=True, ensure_ascii=True
    )
    digest = hashlib.sha256("\0".join((own, config, _BOOTHOOK)).encode()).hexdigest()
    message = MIMEMultipart("mixed", boundary=f"vw-{digest[:40]}")
    if own:
        message.attach(_own_part(own))
    ours = _part(config, "cloud-config", "vwplan.cfg")
    ours["Merge-Type"] = _MERGE
    message.attach(ours)
    message.attach(_part(_BOOTHOOK, "cloud-boothook", "vwplan-boot"))
    return message.as_string()


def _own_part(text: str) -> Message:
    if text.startswith(("Content-Type:", "MIME-Version:")):
        return message_from_string(text)
    return _part(text, _type_of(text), "user-data")


def _type_of(text: str) -> str:
    for prefix, kind in _TYPES.items():
        if text.startswith(prefix):
            return kind
    return "plain"


def _part(text: str, kind: str, name: str) -> MIMEText:
    part = MIMEText(text, kind, "utf-8")
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part
