/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DWARF expressions, as far as unwind tables have them: signal frames and the PLT. */
#include "unwind/cfi.h"
#include "unwind/leb.h"

enum {
	OP_ADDR = 0x03, OP_DEREF = 0x06, OP_CONST1U = 0x08, OP_CONST1S, OP_CONST2U, OP_CONST2S,
	OP_CONST4U, OP_CONST4S, OP_CONST8U, OP_CONST8S, OP_CONSTU, OP_CONSTS, OP_DUP, OP_DROP,
	OP_OVER, OP_PICK, OP_SWAP, OP_AND = 0x1a, OP_MINUS = 0x1c, OP_MUL = 0x1e, OP_NEG, OP_NOT,
	OP_OR, OP_PLUS, OP_PLUS_UCONST, OP_SHL, OP_SHR, OP_SHRA, OP_XOR, OP_EQ = 0x29, OP_GE, OP_GT,
	OP_LE, OP_LT, OP_NE, OP_LIT0 = 0x30, OP_BREG0 = 0x70, OP_NOP = 0x96,
};

struct stack {
	uint64_t v[CFI_STACK_MAX];
	unsigned int n;
	bool bad;
};

static void push(struct stack *s, uint64_t v)
{
	if (s->n == CFI_STACK_MAX)
		s->bad = true;
	else
		s->v[s->n++] = v;
}

static uint64_t pop(struct stack *s)
{
	if (!s->n) {
		s->bad = true;
		return 0;
	}
	return s->v[--s->n];
}

static bool constant(struct dw *d, struct stack *s, uint8_t op)
{
	switch (op) {
	case OP_ADDR:
	case OP_CONST8U:
	case OP_CONST8S:
		push(s, dw_uint(d, 8));
		return true;
	case OP_CONST1U:
		push(s, dw_uint(d, 1));
		return true;
	case OP_CONST1S:
		push(s, (uint64_t)(int64_t)(int8_t)dw_uint(d, 1));
		return true;
	case OP_CONST2U:
		push(s, dw_uint(d, 2));
		return true;
	case OP_CONST2S:
		push(s, (uint64_t)(int64_t)(int16_t)dw_uint(d, 2));
		return true;
	case OP_CONST4U:
		push(s, dw_uint(d, 4));
		return true;
	case OP_CONST4S:
		push(s, (uint64_t)(int64_t)(int32_t)dw_uint(d, 4));
		return true;
	case OP_CONSTU:
		push(s, dw_uleb(d));
		return true;
	case OP_CONSTS:
		push(s, (uint64_t)dw_sleb(d));
		return true;
	default:
		return false;
	}
}

static bool arithmetic(struct stack *s, uint8_t op)
{
	uint64_t b, a;

	if (op == OP_NEG || op == OP_NOT) {
		a = pop(s);
		push(s, op == OP_NEG ? 0 - a : ~a);
		return true;
	}
	b = pop(s);
	a = pop(s);
	switch (op) {
	case OP_AND:
		push(s, a & b);
		return true;
	case OP_MINUS:
		push(s, a - b);
		return true;
	case OP_MUL:
		push(s, a * b);
		return true;
	case OP_OR:
		push(s, a | b);
		return true;
	case OP_PLUS:
		push(s, a + b);
		return true;
	case OP_SHL:
		push(s, b < 64 ? a << b : 0);
		return true;
	case OP_SHR:
		push(s, b < 64 ? a >> b : 0);
		return true;
	case OP_SHRA:
		push(s, (uint64_t)((int64_t)a >> (b < 63 ? b : 63)));
		return true;
	case OP_XOR:
		push(s, a ^ b);
		return true;
	case OP_EQ:
		push(s, a == b);
		return true;
	case OP_GE:
		push(s, (int64_t)a >= (int64_t)b);
		return true;
	case OP_GT:
		push(s, (int64_t)a > (int64_t)b);
		return true;
	case OP_LE:
		push(s, (int64_t)a <= (int64_t)b);
		return true;
	case OP_LT:
		push(s, (int64_t)a < (int64_t)b);
		return true;
	case OP_NE:
		push(s, a != b);
		return true;
	default:
		return false;
	}
}

static bool stack_op(struct dw *d, struct stack *s, uint8_t op)
{
	uint64_t a, b;

	switch (op) {
	case OP_DUP:
		a = pop(s);
		push(s, a);
		push(s, a);
		return true;
	case OP_DROP:
		pop(s);
		return true;
	case OP_OVER:
	case OP_PICK:
		a = op == OP_OVER ? 1 : dw_uint(d, 1);
		if (a >= s->n)
			s->bad = true;
		else
			push(s, s->v[s->n - 1 - a]);
		return true;
	case OP_SWAP:
		a = pop(s);
		b = pop(s);
		push(s, a);
		push(s, b);
		return true;
	case OP_PLUS_UCONST:
		a = dw_uleb(d);
		push(s, pop(s) + a);
		return true;
	case OP_NOP:
		return true;
	default:
		return false;
	}
}

static int deref(const struct reader *mem, struct stack *s, struct err *err)
{
	uint8_t b[8];
	uint64_t at = pop(s);
	int rc = s->bad ? 0 : reader_read(mem, at, b, sizeof(b), err);

	if (!rc && !s->bad)
		push(s, get_u64(b));
	return rc;
}

int cfi_expr(const struct reader *mem, const uint8_t *expr, size_t size, const struct cfi_regs *regs,
	     bool has_initial, uint64_t initial, uint64_t *ret, struct err *err)
{
	struct dw d = { .p = expr, .end = expr + size };
	struct stack s = { .n = 0 };
	int rc = 0;

	if (size > CFI_EXPR_MAX)
		return err_set(err, ERR_CORRUPT, "an expression of %zu bytes", size);
	if (has_initial)
		push(&s, initial);
	/* No jumps are understood, so this ends with the bytes. */
	while (d.p < d.end && !d.bad && !s.bad && !rc) {
		uint8_t op = (uint8_t)dw_uint(&d, 1);

		if (op >= OP_LIT0 && op < OP_LIT0 + 32) {
			push(&s, op - OP_LIT0);
		} else if (op >= OP_BREG0 && op < OP_BREG0 + 32) {
			unsigned int r = op - OP_BREG0;
			int64_t off = dw_sleb(&d);

			if (r >= CFI_REGS || !(regs->known >> r & 1))
				return err_set(err, ERR_ABSENT, "register %u is not known", r);
			push(&s, regs->r[r] + (uint64_t)off);
		} else if (op == OP_DEREF) {
			rc = deref(mem, &s, err);
		} else if (!constant(&d, &s, op) && !stack_op(&d, &s, op) && !arithmetic(&s, op)) {
			return err_set(err, ERR_UNSUPPORTED, "DWARF operation 0x%x", op);
		}
	}
	if (rc)
		return rc;
	if (d.bad || s.bad || !s.n)
		return err_set(err, ERR_CORRUPT, "a damaged DWARF expression");
	*ret = s.v[s.n - 1];
	return 0;
}
