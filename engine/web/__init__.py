"""What the shop shows to the net: the pages by which customers leave or stay, and the door for events of other systems."""
