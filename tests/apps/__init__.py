"""Small services as a backend team writes them, one for each of the common frameworks.

`python -m tests.apps NAME` records one of them and tests it with all of its planted bugs.
"""

from tests.apps import (
    aiohttp_jobs,
    django_blog,
    express_tickets,
    fastapi_notes,
    flask_shop,
    twisted_bookings,
)

APPLICATIONS = (
    flask_shop.APP,
    fastapi_notes.APP,
    django_blog.APP,
    express_tickets.APP,
    twisted_bookings.APP,
    aiohttp_jobs.APP,
)

IN_CI = (fastapi_notes.APP, django_blog.APP, express_tickets.APP, twisted_bookings.APP)
