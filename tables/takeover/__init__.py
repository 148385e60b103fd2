"""What a person wrote into a file by hand, as changes of the tables: aligned, given places, and merged into them."""
