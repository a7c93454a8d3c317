# An environment: the half of a machine that does not depend on where it runs, written once and used by several.
# It is for images with cloud-init, such as Debian's:
#   https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2

variable "uri" {
  type        = string
  default     = "qemu:///system"
  description = "The libvirt that runs the machines."
}

variable "image" {
  type        = string
  default     = "debian-12-genericcloud-amd64.qcow2"
  description = "The image's file."
}

variable "ssh_keys" {
  type        = list(string)
  default     = []
  description = "Public keys of those who may log in."
}

variable "motto" {
  type        = string
  default     = "Nothing is ever lost."
  description = "What the web server says."
}

provider "libvirt" {
  uri = var.uri
}

image "debian" {
  source = var.image
  os     = "debian12"
}

network "lan" {
  mode = "nat"
}

# It makes nothing by itself. Most of it is read when a machine is made: an edit changes no machine that exists.
environment "web" {
  image    = image.debian
  packages = ["nginx-light", "qemu-guest-agent"]

  user "ops" {
    groups   = ["adm"]
    shell    = "/bin/bash"
    sudo     = true
    ssh_keys = var.ssh_keys
  }

  file "/var/www/html/index.html" {
    content = templatefile("${path.module}/files/index.html.tftpl", { motto = var.motto })
  }
  file "/etc/motd" {
    source = "files/motd"
    mode   = "0444"
  }

  service "nginx" {
    port = 80
  }
}

workspace "front" {
  count       = 2
  environment = environment.web
  resources {
    memory = "512 MiB"
    disk   = "4 GiB"
  }
  nic { network = network.lan }
  ready {
    tcp     = 80
    timeout = "10m"
  }
}

# A block of its own in a workspace comes on top of the environment's.
workspace "lab" {
  environment = environment.web
  resources { disk = "4 GiB" }
  nic { network = network.lan }

  file "/etc/lab" {
    content = "This one is for trying things.\n"
  }
}

output "front" {
  value = workspace.front[*].address
}
