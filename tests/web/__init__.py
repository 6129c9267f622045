"""The pages of customers and the door for events, over real sockets."""
