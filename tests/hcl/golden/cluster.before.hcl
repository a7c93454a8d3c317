# A cluster, written in a hurry
variable workers {
  type="string"
      description = "How many workers"   # at first
  default=2
}
variable "images" {
type = list
  validation {
  condition=length(var.images)>0&&var.images[0]!=""
      error_message="Give at least one image, such as ${local.example}."
  }
}


locals {
    racks={ for i,host in var.hosts:host.name=>i%4... if !host.spare }
  names=[for w in cluster.physics.workers.compute:w.address]
  longest_of_all = max( [for n in local.names : length(n)]... ) # columns
  n=-1
  difference=var.a -var.b
  minus = [ -1,- var.a, 1-1 ]
    choice=var.big?"large":"small"
  multi = (
  var.a
      ? "yes"
  :   "no"
  )
  nested={
a={b={c=1}}
long_key = [ 1,2,
3 ]  # odd, but so
    "quoted key"   = 1 // one
  (var.key)=2
  }
}

cluster   physics   {   # the one
environment="${environment.osg}"
  head {
  resources {
  cpus=4
        memory="4 GiB"
  }
    provides={nfs="/export"}
  }
  workers "compute" {
      count="${var.workers}"
  nic { network=network.fabric }
    user_data=templatefile("${path.module}/worker.yaml",{
head=parent.head.address
    name = "w"
    })
  boot=<<-EOT
      #!/bin/sh
        echo ${  parent.head.address  }
    EOT
  after = [ "head" ]
  }
/* a comment
   over lines */ lease { ttl="12h" }
}
output "roster" { value=cluster.physics.roster [ * ] . address }
moved {
	from=workspace.old
	to  =workspace.new["a"]
}
