a=1 # one
bbbb=22    // two
  # between
c = [ # opened
1, # first
  22,    # second
  # alone
] # closed
d = 1 /* inline */ # after


e = { # object
  k=1 # key
    kk = 22 # keys
}
f { # block
a=1 # x
# y

  bb=2 # z
} # end
g = 1
#no space
