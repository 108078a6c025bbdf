"""The few pages that a browser sees; plain HTML, no script, nothing fetched from elsewhere."""

from html import escape

from starlette.responses import HTMLResponse

__all__ = ["COOKIE", "device_page", "login_page", "message_page"]

COOKIE = "LICHEN_LOCAL_BROWSER"
OK = 200
STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;background:#f4f6f2;color:#1d2a1f}
body{display:grid;place-items:center;min-height:95vh}
main{background:#fff;padding:2rem;border-radius:.5rem;max-width:24rem;border-top:.4rem solid #4b6b50}
label{display:block;margin-top:1rem}input{font:inherit;width:100%;padding:.4rem;box-sizing:border-box}
button{font:inherit;margin-top:1.25rem;padding:.5rem 1.25rem}
.local{font-size:.875rem;color:#8a3b12}.wrong{color:#a11212;font-weight:600}code{font-size:1.25rem}
"""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOCAL_ONLY = '<p class="local">Local development only: the password is the user name.</p>'
CREDENTIALS = """
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autofocus required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
"""


def login_page(*, action: str, client: str, problem: str | None = None) -> HTMLResponse:
    body = f"""<p>Log in to continue to <strong>{escape(client)}</strong>.</p>{_problem(problem)}
<form method="post" action="{escape(action)}">{CREDENTIALS}<button name="login" value="yes">Log in</button></form>
{LOCAL_ONLY}"""
    return _page("Log in to Lichen", body, status=OK)


def device_page(
    *, action: str, user_code: str | None = None, client: str | None = None, problem: str | None = None
) -> HTMLResponse:
    """Ask for the code; once it is known, show it with the client's name and ask the person to log in and agree."""
    if user_code is None or client is None:
        body = f"""<p>Enter the code that your device shows.</p>{_problem(problem)}
<form method="post" action="{escape(action)}"><label for="code">Code</label>
<input id="code" name="device_user_code" autocomplete="off" autofocus required><button>Continue</button></form>"""
    else:
        body = f"""<p><strong>{escape(client)}</strong> on another device asks to act for you. Go on only if it shows
this code: <code>{escape(user_code)}</code></p>{_problem(problem)}
<form method="post" action="{escape(action)}">
<input type="hidden" name="device_user_code" value="{escape(user_code)}">{CREDENTIALS}
<button name="accept" value="Yes">Log in and allow</button>
<button name="cancel" value="No" formnovalidate>Deny</button></form>{LOCAL_ONLY}"""
    return _page("Connect a device", body, status=OK)


def message_page(title: str, text: str, *, status: int = OK) -> HTMLResponse:
    return _page(title, f"<p>{escape(text)}</p>", status=status)


def _problem(problem: str | None) -> str:
    return "" if problem is None else f'<p class="wrong" role="alert">{escape(problem)}</p>'


def _page(title: str, body: str, *, status: int) -> HTMLResponse:
    html = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>
<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"""
    return HTMLResponse(html, status_code=status, headers=HEADERS)
