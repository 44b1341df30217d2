"""What answers of Part B are compared with: written for the checks, independent of solutions/."""
