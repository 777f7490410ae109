"""The addresses of the demo: the portal's and the outbox's."""

from portal import outbox_views, urls

handler400 = urls.handler400
handler500 = urls.handler500
urlpatterns = [*outbox_views.urlpatterns, *urls.urlpatterns]
