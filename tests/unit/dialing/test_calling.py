"""What a worker has done before its first call is granted."""

import subprocess
import sys

CODE = """
import re, sys
from dialer.dialing.calling import load
from dialer.domain.call.call import ClickToCall
from dialer.text.masking import mask
load()
before = set(sys.modules)
def compile(*_, **__):
    raise AssertionError("a pattern is compiled")
re._compiler.compile = compile
ClickToCall.from_content('{"from":["+919000000001"],"fromRetryCount":1,"to":["+919000000003"]}').wire()
mask("refused 9000000001")
print(*(set(sys.modules) - before))
"""


def test_nothing_is_loaded_between_a_grant_and_its_first_byte():
    """The numbering plan and the mask of numbers take a tenth of a second to load."""
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    loaded = [name for name in ran.stdout.split() if not name.startswith("phonenumbers.data.")]
    assert (ran.returncode, loaded) == (0, []), ran.stderr
