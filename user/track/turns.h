/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who made whom wait: each pause of a session is divided among the network, the two sides and nobody, by who has the turn.
 * Payload is never looked at, so it works for every protocol of requests and answers, encrypted or not.
 *
 * What was sent is on its way until the shortest round trip known to the receiver is over, or until its ACK if none is
 * known; longer only if it shows that it had not arrived: it was sent again, or the receiver spoke without acknowledging it,
 * or the ACK alone came later than an ACK may be delayed. An answer that brings the ACK along took the network one round
 * trip; the rest of the pause was spent by who gave the answer.
 *
 * Whose the rest is shows who speaks next: the server (it answers, or goes on), or the client, who was idle if it had its
 * answer. A segment without data ends no turn; a pause before it goes to who is to speak by what was said last, and once
 * that side or the other speaks, the whole of the silence is known better: so the totals may differ from the sum of what
 * was said of the pauses. So too for a server that says a last word to an idle client and closes: not before its FIN is it
 * known that the word was no rest of an answer.
 */
#ifndef MIRUO_TRACK_TURNS_H
#define MIRUO_TRACK_TURNS_H

#include "rtt.h"
#include "verdict.h"

struct direction;
struct session;
struct step;

struct turns {
	uint32_t sent_us[2];		/* when a side last sent something that travels, wrapping */
	uint8_t flags[2];		/* of each side, after the last segment (turns.c) */
	uint32_t closed_max_ms;		/* the longest time with a closed window up to the last data */
	uint32_t silent_max_ms[2];	/* the longest silence: [true] of the server, [false] of the client, idle ones included */
	uint64_t silent_ns;		/* since the last data, but for the network's and what follows */
	uint64_t closed_ns;		/* with a closed window; not known yet if data waited */
	uint64_t settled_ns[WAIT_IDLE];	/* up to the last data; the rest of that time was idle */
};

/* What a session's time went into. */
struct waits {
	struct pause_split total;	/* from its first to its last segment */
	uint32_t server_max_ms;		/* longest time that the server let the client wait */
	uint32_t client_max_ms;		/* longest time that the client said nothing though it was its turn, idle or not */
	uint32_t zero_window_ms;	/* longest time with a closed window while data waited */
};

/* The clock of struct turns and of the marks in struct rtt: us, wrapping. */
static inline uint32_t clock_us(uint64_t ts_ns)
{
	return (uint32_t)(ts_ns / 1000);
}

/* The first segment of a session of which both sides were seen, or that brings data; all of *t is 0. Before turns_feed(). */
void turns_begin(struct turns *t, const struct step *step);

/*
 * Divides the pause before the segment: fills in step->split. own and peer: the sides of the session, which have taken note
 * of the segment; now_us: its clock_us().
 */
void turns_feed(struct turns *t, const struct rtt rtt[2], struct step *step, const struct direction *own,
		const struct direction *peer, uint32_t now_us);

/* The next data of a side, an ACK of more, or both. */
struct plain_move {
	const struct session *session;
	uint64_t ts_ns, pause_ns;
	uint32_t now_us;		/* clock_us(ts_ns) */
	uint32_t payload_len;		/* not 1, which may be a keep-alive's */
	uint8_t side;
	bool window_full;		/* REMARK_WINDOW_FULL */
};

#define DELAYED_ACK_NS 500000000u	/* RFC 9293 3.8.6.3: no ACK is delayed for longer */

/* No window is closed or full or was so in this silence, nor is one of the server's left to be judged. */
bool turns_are_plain(const struct turns *t);

/*
 * As turns_feed(), in a few steps. Only if turns_are_plain(), after a pause of DELAYED_ACK_NS at most, in a session of which both
 * sides were seen. Returns whether turns_are_plain() still.
 */
bool turns_feed_plain(struct turns *t, const struct rtt rtt[2], const struct plain_move *m);

/* As turns_feed() for a session that has not begun in this sense: one side alone. */
void turns_alone(struct step *step);

/* Up to the session's last segment; only of what has begun. */
void turns_waits(const struct turns *t, const struct session *s, struct waits *out);

#endif
