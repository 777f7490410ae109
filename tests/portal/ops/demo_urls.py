"""The addresses of the demo: the portal's and the outbox's."""

from portal import urls
from portal.outbox import urls as outbox_urls

handler400 = urls.handler400
handler500 = urls.handler500
urlpatterns = [*outbox_urls.public_patterns, *urls.urlpatterns]
