# Several machines from one map: their sizes from a table, their names and addresses by functions.

variable "uri" {
  type        = string
  default     = "qemu:///system"
  description = "The libvirt that runs the machines."
}

variable "guest" {
  type        = string
  default     = "../../.cache/guest"
  description = "The folder that examples/guest/build filled."
}

variable "machines" {
  type = map(object({
    size  = optional(string, "small")
    roles = optional(set(string), [])
  }))
  default = {
    web   = { roles = ["http"] }
    store = { size = "large", roles = ["http", "files"] }
    probe = {}
  }
  description = "What there is, by name. A name that is taken out takes its machine with it, and no other."

  validation {
    condition     = alltrue([for machine in var.machines : contains(["small", "large"], machine.size)])
    error_message = "A machine is small or large."
  }
}

locals {
  sizes = {
    small = { cpus = 1, memory = "96 MiB" }
    large = { cpus = 2, memory = "160 MiB" }
  }

  # Addresses by place in the sorted list of names, from .10 on: written down, where cluster members' are chosen.
  range     = "10.75.0.0/24"
  names     = sort(keys(var.machines))
  addresses = { for index, name in local.names : name => cidrhost(local.range, 10 + index) }

  # Who has a role, by role.
  roles = { for role in setunion([], [for machine in var.machines : machine.roles]...) :
    role => [for name in local.names : name if contains(var.machines[name].roles, role)]
  }
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

network "lan" {
  mode = "isolated"
  cidr = local.range
}

workspace "machine" {
  for_each = var.machines
  image    = image.tiny
  hostname = each.key
  tags     = { roles = join(" ", each.value.roles) }

  resources {
    cpus   = local.sizes[each.value.size].cpus
    memory = local.sizes[each.value.size].memory
  }
  nic {
    network = network.lan
    address = local.addresses[each.key]
  }
}

output "addresses" {
  value       = { for name, machine in workspace.machine : name => machine.address }
  description = "The machines' addresses, by name."
}

output "roles" {
  value       = local.roles
  description = "Who has each role."
}
