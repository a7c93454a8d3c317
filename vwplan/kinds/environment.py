"""The kind `environment`: the half of a workspace that does not depend on where it is deployed."""

from __future__ import annotations

from vwplan.kinds.model import Absent, Argument, BlockType, Effect, Kind
from vwplan.values import BOOL, NUMBER, STRING, ListType, MapType

FIRST_BOOT = " Read when the machine is made: editing it changes no machine that exists."

ARGUMENTS = (
    Argument("image", STRING, "The image that the machine starts from.", Effect.REPLACE, planned=True, refers="image"),
    Argument("os", STRING, "The operating system, where the image does not say it.", Effect.RECORD, form="text"),
    Argument(
        "packages", ListType(STRING), "Packages to install at the first boot." + FIRST_BOOT, Effect.CREATE, form="text"
    ),
    Argument(
        "ssh_keys",
        ListType(STRING),
        "Public SSH keys that may log in as the image's own user." + FIRST_BOOT,
        Effect.CREATE,
        form="ssh_key",
    ),
    Argument(
        "user_data",
        STRING,
        "User data for the first boot, as cloud-init takes it (a script, or #cloud-config)." + FIRST_BOOT,
        Effect.CREATE,
    ),
    Argument("labels", MapType(STRING), "Words of your own about the environment, kept in our record.", Effect.RECORD),
)

USER = BlockType(
    "user",
    "A user in the guest." + FIRST_BOOT,
    Effect.CREATE,
    label="NAME",
    label_form="user",
    arguments=(
        Argument("groups", ListType(STRING), "Groups that the user is in.", Effect.CREATE, form="user"),
        Argument("shell", STRING, "The login shell.", Effect.CREATE, form="file"),
        Argument(
            "ssh_keys", ListType(STRING), "Public SSH keys that may log in as this user.", Effect.CREATE, form="ssh_key"
        ),
        Argument("sudo", BOOL, "Whether the user may become root without a password.", Effect.CREATE, default=False),
    ),
)

FILE = BlockType(
    "file",
    "A file in the guest." + FIRST_BOOT,
    Effect.CREATE,
    label="PATH",
    label_form="file",
    arguments=(
        Argument("content", STRING, "What is in it.", Effect.CREATE),
        Argument(
            "source",
            STRING,
            "A file to copy, read when planning: a path, relative to the module.",
            Effect.CREATE,
            planned=True,
            form="text",
        ),
        Argument("mode", STRING, "Its mode in octal.", Effect.CREATE, default="0644", form="mode"),
        Argument(
            "owner", STRING, "Its owner, and after a colon its group.", Effect.CREATE, default="root:root", form="owner"
        ),
    ),
    one_of=(("content", "source"),),
)

SERVICE = BlockType(
    "service",
    "A service in the guest." + FIRST_BOOT,
    Effect.CREATE,
    label="NAME",
    label_form="token",
    arguments=(
        Argument("unit", STRING, "Its systemd unit. Left out: NAME.", Effect.CREATE, form="text"),
        Argument("port", NUMBER, "The port that it listens on.", Effect.CREATE, least=1, most=65535, whole=True),
        Argument("protocol", STRING, "The protocol of the port.", Effect.CREATE, default="tcp", choices=("tcp", "udp")),
        Argument("enabled", BOOL, "Whether it is started at every boot.", Effect.CREATE, default=True),
    ),
)

BLOCKS = (USER, FILE, SERVICE)

ABSENT = (Absent("partition", "A partition with an image of its own"),)

__all__ = ["ABSENT", "ARGUMENTS", "BLOCKS", "ENVIRONMENT"]

ENVIRONMENT = Kind(
    "environment",
    "A template: the half of a workspace that does not depend on where it is deployed. It makes nothing by itself; its "
    "changes appear as the cause of changes of the workspaces that use it.",
    arguments=ARGUMENTS,
    blocks=BLOCKS,
    is_object=False,
    absent=ABSENT,
)
