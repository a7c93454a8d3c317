# One machine, which counts as there once it takes SSH connections.

variable "uri" {
  type        = string
  default     = "qemu:///system"
  description = "The libvirt that runs the machine."
}

variable "guest" {
  type        = string
  default     = "../../.cache/guest"
  description = "The folder that examples/guest/build filled."
}

provider "libvirt" {
  uri = var.uri
}

image "tiny" {
  source  = "${var.guest}/root.qcow2"
  kernel  = "${var.guest}/vmlinuz"
  initrd  = "${var.guest}/initrd.gz"
  cmdline = "console=ttyS0 quiet root=LABEL=root"
}

# Its range is chosen from what is free on the host.
network "lan" {
  mode = "nat"
}

workspace "box" {
  image = image.tiny
  resources { memory = "128 MiB" }
  nic { network = network.lan }

  # Whoever needs this machine waits until the port answers. Without `ready`, it is there as soon as it runs.
  ready {
    tcp     = 22
    timeout = "3m"
  }
}

output "address" {
  value       = workspace.box.address
  description = "Where to log in."
}

output "known_hosts" {
  value       = "${workspace.box.address} ${workspace.box.ssh_host_key}"
  description = "Its SSH host key, known before it boots."
}
