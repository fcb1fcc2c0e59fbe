from django.contrib import admin

from blog.models import Comment, Post, Tag


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ["title", "author", "created", "views"]
    search_fields = ["title"]


admin.site.register(Comment)
admin.site.register(Tag)
