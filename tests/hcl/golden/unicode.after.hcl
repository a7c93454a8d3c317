größe = 1   # ä
n     = 2   # ö
日本    = "👨‍👩‍👧" # family
e     = "é" # composed
