"""The course: its tasks, the cases that judge them, and the tools that hand out and check what students write."""
