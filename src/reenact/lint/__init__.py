"""What is wrong with a suite that passes: `problems` lists it. Pure.

`tolerances` those that name nothing or are no longer needed; `idle` cases that can't fail;
`secrets` values that don't belong in a repository; `unused` calls that nothing asks for; `usage` what
tests have made use of, as far as it was counted.
"""

from reenact.lint.problem import Problem
from reenact.lint.suite import problems
from reenact.lint.usage import Usage

__all__ = ["Problem", "Usage", "problems"]
