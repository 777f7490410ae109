"""Addresses of the replies room, under an account."""

from django.urls import path

from messaging.replies import views

urlpatterns = [
    path("replies/", views.replies, name="replies"),
    path("replies/reading/", views.replies_reading, name="replies_reading"),
    path("replies/settings/", views.reply_settings, name="reply_settings"),
    path("replies/<uuid:reply>/", views.reply, name="reply"),
    path("replies/<uuid:reply>/reading/", views.reply_reading, name="reply_reading"),
    path("replies/<uuid:reply>/answer/", views.reply_answer, name="reply_answer"),
]
