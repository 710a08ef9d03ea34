"""How this copy got here: the receipt that a package manager leaves beside it. It changes nothing."""
