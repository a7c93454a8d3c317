# A lab: a head and its workers, on a network that nobody else is on.

variable "image" {
  type        = string
  description = "The id of the image that all machines start from."
}

variable "workers" {
  type        = number
  description = "How many workers there are."

  validation {
    condition     = var.workers >= 0
    error_message = "There cannot be fewer than no workers."
  }
}

network "fabric" {
  mode = "isolated"
}

cluster "lab" {
  image = var.image
  resources { memory = "96 MiB" }
  nic { network = network.fabric }

  head {}

  workers "compute" {
    count = var.workers
  }
}

output "head" {
  value = cluster.lab.head.address
}

output "members" {
  value = cluster.lab.roster[*].hostname
}
