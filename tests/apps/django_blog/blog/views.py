import json
import os
import threading

import requests
from blog.models import Comment, Post, Tag
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Count, F
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import slugify
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

UPSTREAM = os.environ["UPSTREAM_URL"]


def health(request):
    return JsonResponse({"ok": True})


@require_http_methods(["POST", "GET"])
@ensure_csrf_cookie
def signup(request):
    if request.method == "GET":
        return JsonResponse({"csrf": get_token(request)})
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                request.POST["name"],
                f"{request.POST['name']}@example.org",
                request.POST["password"],
            )
    except IntegrityError:
        return JsonResponse({"error": "that name is taken"}, status=409)
    return JsonResponse({"id": user.id, "name": user.username}, status=201)


def sign_in(request):
    user = authenticate(
        request, username=request.POST.get("name"), password=request.POST.get("password")
    )
    if user is None:
        return JsonResponse({"error": "wrong name or password"}, status=401)
    login(request, user)
    return redirect("/posts", permanent=False)


def sign_out(request):
    logout(request)
    return HttpResponse(status=204)


def tell(post):
    return {
        "slug": post.slug,
        "title": post.title,
        "text": post.text,
        "author": post.author.username,
        "views": post.views,
        "tags": sorted(tag.name for tag in post.tags.all()),
        "created": post.created,
        "changed": post.changed,
    }


@require_http_methods(["GET", "POST"])
def posts(request):
    if request.method == "POST":
        return create(request)
    found = (
        Post.objects.select_related("author").annotate(said=Count("comments")).order_by("-created")
    )
    if "tag" in request.GET:
        found = found.filter(tags__name=request.GET["tag"])
    return JsonResponse(
        {
            "posts": [
                {"slug": p.slug, "title": p.title, "by": p.author.username, "comments": p.said}
                for p in found[:10]
            ]
        }
    )


@login_required
def create(request):
    sent = json.loads(request.body)
    if not sent.get("title"):
        return JsonResponse({"error": {"title": "is missing"}}, status=400)
    with transaction.atomic():
        post = Post.objects.create(
            slug=slugify(sent["title"]),
            author=request.user,
            title=sent["title"],
            text=sent.get("text", ""),
        )
        for name in sent.get("tags", []):
            post.tags.add(Tag.objects.get_or_create(name=name)[0])
        transaction.on_commit(lambda: threading.Thread(target=announce, args=(post.slug,)).start())
    cache.delete("feed")
    return JsonResponse(tell(post), status=201, headers={"Location": f"/posts/{post.slug}"})


def announce(slug):
    answer = requests.post(f"{UPSTREAM}/notify", json={"slug": slug}, timeout=10).json()
    cache.set(f"announced:{slug}", answer["id"], 3600)


@require_http_methods(["GET", "PATCH", "DELETE"])
def post(request, slug):
    found = get_object_or_404(Post.objects.select_related("author"), slug=slug)
    if request.method == "GET":
        Post.objects.filter(pk=found.pk).update(views=F("views") + 1)
        found.refresh_from_db(fields=["views"])
        return JsonResponse(tell(found))
    if found.author != request.user:
        return JsonResponse({"error": "not yours"}, status=403)
    cache.delete("feed")
    if request.method == "DELETE":
        found.delete()
        return HttpResponse(status=204)
    for name, value in json.loads(request.body).items():
        setattr(found, name, value)
    found.save(update_fields=["title", "text", "changed"])
    return JsonResponse(tell(found))


@login_required
@require_http_methods(["POST"])
def comments(request, slug):
    found = get_object_or_404(Post, slug=slug)
    comment = Comment.objects.create(post=found, author=request.user, text=request.POST["text"])
    return JsonResponse({"id": comment.id, "created": comment.created}, status=201)


def translate(request, slug):
    found = get_object_or_404(Post, slug=slug)
    answer = requests.get(
        f"{UPSTREAM}/rates", params={"currency": request.GET.get("to", "EUR")}, timeout=10
    )
    if not answer.ok:
        return JsonResponse({"error": answer.json()["error"]}, status=502)
    return JsonResponse({"title": found.title, "rate": answer.json()["rate"]})


def feed(request):
    def lines():
        yield "<feed>"
        for entry in cache.get_or_set(
            "feed", lambda: list(Post.objects.order_by("slug").values_list("slug", "title")), 60
        ):
            yield f"<entry id='{entry[0]}'>{entry[1]}</entry>"
        yield "</feed>"

    return StreamingHttpResponse(lines(), content_type="application/xml")
