"""What others send mails with, each as its documentation shows it, on the same mails as the engine."""
