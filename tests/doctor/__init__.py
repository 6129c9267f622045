"""The doctor, in front of healthy and of sick patients."""
