"""What goes out by e-mail: the text of a letter, its headers, the daily digest, and the sending of all of them."""
