"""
The number series of caller ids in India, and the purposes that each may serve.

Sources: TRAI's Telecom Commercial Communications Customer Preference
Regulations with the amendment of 12 February 2025 (ordinary ten-digit numbers
are barred for commercial communication), and the series 140 (promotional),
160 and 1600 (service and transactional; 1600 for banks, insurers and
government) as reported with it. Not legal advice.
"""

import re
from collections.abc import Collection

from dialer.domain.campaign.campaign import Purpose

#: Purpose -> the series its calls come from.
_FITTING = {
    "promotional": ("140",),
    "service": ("160",),
    "transactional": ("160",),
    "recovery": ("160",),
}
_MOBILE = re.compile(r"(?:0|91)?[6-9][0-9]{9}")


def warnings(caller_ids: Collection[str], purpose: Purpose | None) -> list[str]:
    """Say which caller ids (`fromCLI`) do not suit a campaign's purpose; None for none declared."""
    if not caller_ids:
        return []
    if purpose is None:
        return ["no purpose is declared, so nobody can say whether its caller ids suit it"]
    found = [warning for one in caller_ids if (warning := _warning(one, purpose))]
    return list(dict.fromkeys(found))


def _warning(caller_id: str, purpose: Purpose) -> str:
    series = _series(caller_id)
    if not caller_id.isdecimal() or series in _FITTING[purpose]:
        return ""
    wanted = " or ".join(_FITTING[purpose])
    if series:
        return f"a caller id of the {series} series is not for {purpose} calls: use {wanted}"
    if _MOBILE.fullmatch(caller_id):
        return f"an ordinary ten-digit caller id is barred for {purpose} calls: use {wanted}"
    return ""


def _series(caller_id: str) -> str:
    national = re.sub(r"^(?:91(?=1[46]0)|0)", "", caller_id)
    return national[:3] if national[:3] in {"140", "160"} else ""
