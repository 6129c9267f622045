"""The workspace: a folder of files that marketers write, read into frozen values, or into problems."""
