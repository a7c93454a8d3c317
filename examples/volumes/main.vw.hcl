# Disks that outlive the machine they are attached to.

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

variable "size" {
  type        = string
  default     = "64 MiB"
  description = "How large the home is. It may grow, also while it is in use; shrinking is refused."
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

# Nothing may replace it, and `destroy` leaves it, recorded as kept: the same block takes it up again, with what is on it,
# and `vwplan destroy --kept` ends it.
volume "home" {
  size = var.size
  keep = true
}

# Goes with the rest.
volume "scratch" {
  size   = "32 MiB"
  format = "raw"
}

workspace "store" {
  image = image.tiny
  resources { memory = "128 MiB" }
  disk { volume = volume.home }    # the guest's second disk
  disk { volume = volume.scratch } # its third
}

output "home" {
  value       = volume.home.path
  description = "Where the home is on the host."
}
