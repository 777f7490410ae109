from django.urls import path

from billing.pricing import views

public_patterns = [path("prices/", views.prices, name="prices")]
