from blog import views
from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("health", views.health),
    path("signup", views.signup),
    path("login", views.sign_in),
    path("logout", views.sign_out),
    path("posts", views.posts),
    path("posts/<slug:slug>", views.post),
    path("posts/<slug:slug>/comments", views.comments),
    path("posts/<slug:slug>/translate", views.translate),
    path("feed", views.feed),
]
