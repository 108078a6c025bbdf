"""What an operator or an auditor runs; answers go to stdout, problems to stderr."""
