/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface_set.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN 10		/* interfaces in an error line */
#define NAME_BYTES_SHOWN 100	/* of a name that does not exist */
#define FIRST_ROOM 16		/* entries */

struct entry {
	struct interface iface;
	unsigned int round;	/* of the last list that had it */
	bool watched;		/* and stays so */
};

struct interface_set {
	char **names;		/* as given */
	size_t name_count;
	bool any;
	struct entry **entries;	/* by rising index; pointers, so that growing is cheap with thousands of them */
	size_t count, room;
	unsigned int round;
};

struct interface_set *interface_set_new(const char *const *names, size_t count)
{
	struct interface_set *set = calloc(1, sizeof(*set));
	size_t i;

	if (!set)
		return NULL;
	set->names = calloc(count ? count : 1, sizeof(*set->names));
	if (!set->names)
		goto fail;
	for (i = 0; i < count; i++) {
		set->any = set->any || !strcmp(names[i], "any");
		set->names[i] = strdup(names[i]);
		if (!set->names[i])
			goto fail;
		set->name_count++;
	}
	return set;
fail:
	interface_set_free(set);
	return NULL;
}

void interface_set_free(struct interface_set *set)
{
	size_t i;

	if (!set)
		return;
	for (i = 0; i < set->count; i++)
		free(set->entries[i]);
	for (i = 0; i < set->name_count; i++)
		free(set->names[i]);
	free(set->entries);
	free(set->names);
	free(set);
}

static bool is_wanted(const struct interface_set *set, const char *name)
{
	size_t i;

	for (i = 0; !set->any && i < set->name_count; i++)
		if (!strcmp(set->names[i], name))
			return true;
	return set->any;
}

/* The place of the entry with this index, or where it would be. */
static size_t place_of(const struct interface_set *set, uint32_t index)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->entries[middle]->iface.index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct entry *entry_at(const struct interface_set *set, size_t place, uint32_t index)
{
	if (place == set->count || set->entries[place]->iface.index != index)
		return NULL;
	return set->entries[place];
}

static struct entry *entry_insert(struct interface_set *set, size_t place)
{
	struct entry *e = calloc(1, sizeof(*e));
	struct entry **grown;
	size_t room;

	if (!e)
		return NULL;
	if (set->count == set->room) {
		room = set->room ? 2 * set->room : FIRST_ROOM;
		grown = realloc(set->entries, room * sizeof(struct entry *));
		if (!grown) {
			free(e);
			return NULL;
		}
		set->entries = grown;
		set->room = room;
	}
	memmove(&set->entries[place + 1], &set->entries[place], (set->count - place) * sizeof(struct entry *));
	set->entries[place] = e;
	set->count++;
	return e;
}

static void tell(const struct entry *e, enum interface_event event, const char *old_name, interface_event_fn *fn, void *ctx)
{
	if (fn && e->watched)
		fn(ctx, event, &e->iface, old_name);
}

static void entry_remove(struct interface_set *set, size_t place, interface_event_fn *fn, void *ctx)
{
	struct entry *e = set->entries[place];

	set->count--;
	memmove(&set->entries[place], &set->entries[place + 1], (set->count - place) * sizeof(struct entry *));
	tell(e, INTERFACE_VANISHED, NULL, fn, ctx);
	free(e);
}

static void entry_change(struct entry *e, const struct interface *iface, bool wanted, interface_event_fn *fn, void *ctx)
{
	bool other_link = e->iface.arphrd != iface->arphrd || e->iface.link != iface->link;
	bool appears = other_link || (wanted && !e->watched);
	char old_name[INTERFACE_NAME_MAX];
	bool renamed;

	memcpy(old_name, e->iface.name, sizeof(old_name));
	renamed = strcmp(old_name, iface->name) != 0;
	if (other_link)
		tell(e, INTERFACE_VANISHED, NULL, fn, ctx);
	e->iface = *iface;
	e->watched = e->watched || wanted;
	if (appears)
		tell(e, INTERFACE_APPEARED, NULL, fn, ctx);
	else if (renamed)
		tell(e, INTERFACE_RENAMED, old_name, fn, ctx);
}

bool interface_set_update(struct interface_set *set, const struct interface *iface, interface_event_fn *fn, void *ctx)
{
	size_t place = place_of(set, iface->index);
	struct entry *e = entry_at(set, place, iface->index);
	bool wanted = is_wanted(set, iface->name);

	if (e) {
		entry_change(e, iface, wanted, fn, ctx);
	} else {
		e = entry_insert(set, place);
		if (!e)
			return false;
		e->iface = *iface;
		e->watched = wanted;
		tell(e, INTERFACE_APPEARED, NULL, fn, ctx);
	}
	e->round = set->round;
	return true;
}

void interface_set_remove(struct interface_set *set, uint32_t index, interface_event_fn *fn, void *ctx)
{
	size_t place = place_of(set, index);

	if (entry_at(set, place, index))
		entry_remove(set, place, fn, ctx);
}

void interface_set_begin(struct interface_set *set)
{
	set->round++;
}

void interface_set_end(struct interface_set *set, interface_event_fn *fn, void *ctx)
{
	size_t place = 0;

	while (place < set->count) {
		if (set->entries[place]->round == set->round)
			place++;
		else
			entry_remove(set, place, fn, ctx);
	}
}

void interface_set_each(const struct interface_set *set, interface_fn *fn, void *ctx)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (set->entries[i]->watched)
			fn(ctx, &set->entries[i]->iface);
}

static const struct interface *find_name(const struct interface_set *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (!strcmp(set->entries[i]->iface.name, name))
			return &set->entries[i]->iface;
	return NULL;
}

static void add_name(struct text *t, const char *name)
{
	size_t len = strlen(name);

	text_add_escaped(t, name, len < NAME_BYTES_SHOWN ? len : NAME_BYTES_SHOWN);
	if (len > NAME_BYTES_SHOWN)
		text_add(t, "...");
}

static void add_missing(const struct interface_set *set, const char *name, struct text *err)
{
	size_t i;

	text_add(err, "there is no interface \"");
	add_name(err, name);
	text_add(err, "\", only:");
	for (i = 0; i < set->count && i < NAMES_SHOWN; i++) {
		text_add(err, "%s ", i ? "," : "");
		add_name(err, set->entries[i]->iface.name);
	}
	if (i < set->count)
		text_add(err, " and %zu more (miruo -D lists them)", set->count - i);
}

bool interface_set_check(const struct interface_set *set, struct text *err)
{
	const struct interface *iface;
	size_t i;

	for (i = 0; !set->any && i < set->name_count; i++) {
		iface = find_name(set, set->names[i]);
		if (!iface) {
			add_missing(set, set->names[i], err);
			return false;
		}
		if (iface->link == INTERFACE_UNSUPPORTED) {
			text_add(err, "interface ");
			add_name(err, iface->name);
			text_add(err, " cannot be watched: %s", iface->why_not);
			return false;
		}
	}
	return true;
}
