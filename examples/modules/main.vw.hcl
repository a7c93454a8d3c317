# A module called for each of several labs. Each makes a network and a cluster of its own, on the provider it is given.

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

variable "labs" {
  type        = map(number)
  default     = { optics = 1, physics = 2 }
  description = "How many workers each lab has."
}

# With an alias, a provider is used only where it is named.
provider "libvirt" {
  alias = "site"
  uri   = var.uri
}

# One image for all labs: a host has its contents once.
image "tiny" {
  provider = libvirt.site
  source   = "${var.guest}/root.qcow2"
  kernel   = "${var.guest}/vmlinuz"
  initrd   = "${var.guest}/initrd.gz"
  cmdline  = "console=ttyS0 quiet root=LABEL=root"
}

module "lab" {
  source    = "./lab"
  for_each  = var.labs
  providers = { libvirt = libvirt.site } # inside, it is the default

  image   = image.tiny.id
  workers = each.value
}

output "heads" {
  value       = { for name, lab in module.lab : name => lab.head }
  description = "The address of each lab's head."
}

output "machines" {
  value       = sum([for lab in module.lab : length(lab.members)])
  description = "How many machines all labs have."
}
