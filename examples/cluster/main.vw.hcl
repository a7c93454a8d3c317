# A head and its workers, on a network of their own. `examples/run` sets a machine up and applies this.

variable "uri" {
  type        = string
  default     = "qemu:///system"
  description = "The libvirt that runs the machines."
}

variable "workers" {
  type        = number
  default     = 2
  description = "How many workers there are."

  validation {
    condition     = var.workers >= 0 && var.workers <= 20
    error_message = "This example is for at most 20 workers."
  }
}

variable "guest" {
  type        = string
  default     = "../../.cache/guest"
  description = "The folder that examples/guest/build filled."
}

variable "ssh_keys" {
  type        = list(string)
  default     = []
  description = "Public keys that may log in as root."
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

# The range is chosen from what is free on the host, and kept.
network "fabric" {
  mode = "isolated"
}

environment "tiny" {
  image    = image.tiny
  ssh_keys = var.ssh_keys
}

cluster "lab" {
  environment = environment.tiny
  resources { memory = "128 MiB" }
  nic { network = network.fabric }

  # The head counts as ready when its agent answers, and in this image that is after its user data has run. So the
  # workers, which are made then, find it serving.
  head {
    provides  = { http = "80" }
    user_data = <<-EOT
      #!/bin/sh
      mkdir -p /srv
      echo "hello from $(hostname)" >/srv/index.html
      httpd -h /srv
    EOT
  }

  workers "compute" {
    count     = var.workers
    requires  = ["http"]
    user_data = <<-EOT
      #!/bin/sh
      timeout 10 wget -q -O - http://${parent.head.address}/
    EOT
  }
}

output "head" {
  value       = cluster.lab.head.address
  description = "The address of the head."
}

output "workers" {
  value       = cluster.lab.workers.compute[*].address
  description = "The addresses of the workers."
}

output "roster" {
  value = [for member in cluster.lab.roster : {
    hostname = member.hostname
    address  = member.address
    role     = member.role
  }]
  description = "Who is in the cluster: what each member knows of the others."
}

output "known_hosts" {
  value = [
    for member in concat([cluster.lab.head], cluster.lab.workers.compute) : "${member.address} ${member.ssh_host_key}"
  ]
  description = "The members' SSH host keys, known before they boot."
}
