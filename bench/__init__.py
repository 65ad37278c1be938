"""What the workbench costs beside a bare loop: ``make bench`` (bench/README.md)."""
