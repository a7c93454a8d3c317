# A pool of hosts: their owners' limits, and machines that are placed by what is free and by what is asked for.

variable "hosts" {
  type = map(object({
    uri  = string
    rack = string
  }))
  default = {
    ash   = { uri = "qemu:///system", rack = "1" }
    birch = { uri = "qemu+ssh://ops@birch/system", rack = "1" }
    cedar = { uri = "qemu+ssh://ops@cedar/system", rack = "2" }
  }
  description = "The hosts, by a name of our own. A hypervisor is known by its own UUID, so that another name moves nothing."
}

variable "guest" {
  type        = string
  default     = "../../.cache/guest"
  description = "The folder that examples/guest/build filled."
}

provider "libvirt" {
  dynamic "host" {
    for_each = var.hosts
    labels   = [host.key]
    content {
      uri    = host.value.uri
      labels = { rack = host.value.rack }
      limits {
        memory     = "8 GiB"
        workspaces = 20
      }
    }
  }
}

# Staged on each host where a machine starts from it.
image "tiny" {
  source  = "${var.guest}/root.qcow2"
  kernel  = "${var.guest}/vmlinuz"
  initrd  = "${var.guest}/initrd.gz"
  cmdline = "console=ttyS0 quiet root=LABEL=root"
}

# Wherever there is most room, and never two in one rack while another rack has fewer.
workspace "probe" {
  count = 4
  image = image.tiny
  resources { memory = "96 MiB" }
  placement { spread = "rack" }
}

# On one network of one host, so on one host: whichever has room for both and the network.
network "lab" {
  mode = "isolated"
}

workspace "bench" {
  for_each = toset(["left", "right"])
  image    = image.tiny
  resources { memory = "96 MiB" }
  nic { network = network.lab }
}

# On a host of that rack, and on no other.
workspace "archive" {
  image = image.tiny
  resources { memory = "96 MiB" }
  placement { labels = { rack = "2" } }
}

output "hosts" {
  value = merge(
    { for index, machine in workspace.probe : "probe-${index}" => machine.host },
    { for name, machine in workspace.bench : name => machine.host },
    { archive = workspace.archive.host },
  )
  description = "Where each machine is."
}
