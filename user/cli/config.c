/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "option_table.h"

void config_init(struct config *cfg)
{
	const struct option_row *row;

	memset(cfg, 0, sizeof(*cfg));
	for (row = option_table; row < option_table + option_count; row++)
		if (row->kind == OPTION_NUMBER)
			*(uint32_t *)option_field(cfg, row) = row->initial;
}

static void list_fini(struct string_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

void config_fini(struct config *cfg)
{
	list_fini(&cfg->files);
	list_fini(&cfg->interfaces);
	list_fini(&cfg->interface_names);
	free(cfg->netns);
	cfg->netns = NULL;
	free(cfg->expression);
	cfg->expression = NULL;
	cfg->source.files = NULL;
	cfg->source.file_count = 0;
	cfg->source.interfaces = NULL;
	cfg->source.interface_count = 0;
	cfg->source.netns = NULL;
	cfg->source.filter = NULL;
}

bool colour_wanted(uint32_t choice, bool stdout_is_terminal, const char *no_color)
{
	if (choice != COLOUR_AUTOMATIC)
		return choice == COLOUR_ON;
	if (no_color && *no_color)
		return false;
	return stdout_is_terminal;
}
