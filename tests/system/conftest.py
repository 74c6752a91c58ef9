"""What the helpers of system tests find wrong is told in full."""

import pytest

pytest.register_assert_rewrite("albums", "books")
