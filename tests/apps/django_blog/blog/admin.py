from blog.models import Comment, Post, Tag
from django.contrib import admin


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ["title", "author", "created", "views"]
    search_fields = ["title"]


admin.site.register(Comment)
admin.site.register(Tag)
