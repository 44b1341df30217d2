"""Hidden checks, one pytest file per exercise; see CONTRIBUTING for how to write one."""
