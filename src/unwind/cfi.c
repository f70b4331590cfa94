/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/cfi.h"

#include <string.h>

#include "unwind/leb.h"

/* A CIE or FDE is tens of bytes; a function with many exits some hundred. */
#define ENTRY_MAX    4096u
#define FDES_MAX     (4u << 20)
#define STATES_MAX   8u /* DW_CFA_remember_state within each other */

enum rule { SAME, UNDEFINED, AT_CFA, IS_CFA, IN_REG, AT_EXPR, IS_EXPR };

struct reg_rule {
	enum rule rule;
	int64_t off;	     /* AT_CFA, IS_CFA */
	unsigned int reg;    /* IN_REG */
	const uint8_t *expr; /* AT_EXPR, IS_EXPR */
	size_t size;
};

struct row {
	struct reg_rule reg[CFI_REGS];
	bool cfa_is_expr;
	unsigned int cfa_reg;
	int64_t cfa_off;
	const uint8_t *cfa_expr;
	size_t cfa_size;
};

struct cie {
	uint64_t code_align;
	int64_t data_align;
	uint64_t ra_reg;
	uint8_t fde_enc;
	bool has_aug, is_signal;
	struct dw program;
};

struct machine {
	const struct cie *cie;
	struct row row, initial;
	struct row saved[STATES_MAX];
	unsigned int nr_saved;
	uint64_t loc;
};

/* A factored offset. What overflows is wrong anyway, and must only be defined. */
static int64_t scaled(const struct machine *m, uint64_t v)
{
	return (int64_t)(v * (uint64_t)m->cie->data_align);
}

/* The entry at @at: its bytes behind the length. */
static int load_entry(const struct reader *mem, uvaddr_t at, uint8_t *buf, struct dw *d,
		      struct err *err)
{
	uint8_t len[4];
	uint32_t size;
	int rc = reader_read(mem, at, len, sizeof(len), err);

	if (rc)
		return rc;
	size = get_u32(len);
	/* 64-bit DWARF in .eh_frame is not made by any linker for what fits 4 GiB. */
	if (size < 4 || size > ENTRY_MAX)
		return err_set(err, ERR_CORRUPT, "unwind entry of %u bytes at 0x%" PRIx64, size, at);
	rc = reader_read(mem, at + 4, buf, size, err);
	*d = (struct dw){ .p = buf, .end = buf + size, .at = at + 4 };
	return rc;
}

static int parse_cie(struct dw *d, struct cie *c, struct err *err)
{
	const uint8_t *aug, *nul;
	uint64_t aug_size = 0;
	uint8_t version;

	memset(c, 0, sizeof(*c));
	dw_skip(d, 4); /* CIE id */
	version = (uint8_t)dw_uint(d, 1);
	aug = d->p;
	nul = memchr(aug, 0, (size_t)(d->end - d->p));
	if (d->bad || !nul || (version != 1 && version != 3))
		return err_set(err, ERR_UNSUPPORTED, "CIE of version %u", version);
	dw_skip(d, (uint64_t)(nul - aug) + 1);
	c->code_align = dw_uleb(d);
	c->data_align = dw_sleb(d);
	c->ra_reg = version == 1 ? dw_uint(d, 1) : dw_uleb(d);
	if (*aug == 'z') {
		const uint8_t *end;

		c->has_aug = true;
		aug_size = dw_uleb(d);
		if (d->bad || aug_size > (uint64_t)(d->end - d->p))
			return err_set(err, ERR_CORRUPT, "a damaged CIE");
		end = d->p + aug_size;
		for (aug++; *aug && !d->bad; aug++)
			if (*aug == 'R')
				c->fde_enc = (uint8_t)dw_uint(d, 1);
			else if (*aug == 'L')
				dw_skip(d, 1);
			else if (*aug == 'P')
				/* The personality routine: of no use here but for its size. */
				dw_encoded(d, (uint8_t)(dw_uint(d, 1) & 0x0f), 0);
			else if (*aug == 'S')
				c->is_signal = true;
		if (d->bad || d->p > end)
			return err_set(err, ERR_CORRUPT, "a damaged CIE");
		dw_skip(d, (uint64_t)(end - d->p));
	} else if (*aug) {
		return err_set(err, ERR_UNSUPPORTED, "CIE without sizes");
	}
	if (c->ra_reg != CFI_RA)
		return err_set(err, ERR_UNSUPPORTED, "return address in register %llu",
			       (unsigned long long)c->ra_reg);
	c->program = *d;
	return 0;
}

static void set_offset(struct machine *m, uint64_t reg, int64_t off)
{
	if (reg < CFI_REGS)
		m->row.reg[reg] = (struct reg_rule){ .rule = AT_CFA, .off = off };
}

static void set_expr(struct machine *m, struct dw *d, enum rule rule)
{
	uint64_t reg = dw_uleb(d), size = dw_uleb(d);
	const uint8_t *p = d->p;

	dw_skip(d, size);
	if (!d->bad && reg < CFI_REGS)
		m->row.reg[reg] = (struct reg_rule){ .rule = rule, .expr = p, .size = size };
}

static void def_cfa(struct machine *m, uint64_t reg, int64_t off)
{
	m->row.cfa_is_expr = false;
	m->row.cfa_reg = (unsigned int)reg;
	m->row.cfa_off = off;
}

static bool extended(struct machine *m, struct dw *d, uint8_t op)
{
	uint64_t reg, v;

	switch (op) {
	case 0x05: /* offset_extended */
		reg = dw_uleb(d);
		set_offset(m, reg, scaled(m, dw_uleb(d)));
		return true;
	case 0x06: /* restore_extended */
		reg = dw_uleb(d);
		if (reg < CFI_REGS)
			m->row.reg[reg] = m->initial.reg[reg];
		return true;
	case 0x07: /* undefined */
	case 0x08: /* same_value */
		reg = dw_uleb(d);
		if (reg < CFI_REGS)
			m->row.reg[reg] = (struct reg_rule){ .rule = op == 7 ? UNDEFINED : SAME };
		return true;
	case 0x09: /* register */
		reg = dw_uleb(d);
		v = dw_uleb(d);
		if (reg < CFI_REGS && v < CFI_REGS)
			m->row.reg[reg] = (struct reg_rule){ .rule = IN_REG,
							     .reg = (unsigned int)v };
		return true;
	case 0x10: /* expression */
		set_expr(m, d, AT_EXPR);
		return true;
	case 0x11: /* offset_extended_sf */
		reg = dw_uleb(d);
		set_offset(m, reg, scaled(m, (uint64_t)dw_sleb(d)));
		return true;
	case 0x14: /* val_offset */
	case 0x15:
		reg = dw_uleb(d);
		v = op == 0x14 ? dw_uleb(d) : (uint64_t)dw_sleb(d);
		if (reg < CFI_REGS)
			m->row.reg[reg] = (struct reg_rule){
				.rule = IS_CFA, .off = scaled(m, v) };
		return true;
	case 0x16: /* val_expression */
		set_expr(m, d, IS_EXPR);
		return true;
	default:
		return false;
	}
}

static bool cfa_op(struct machine *m, struct dw *d, uint8_t op)
{
	uint64_t reg;

	switch (op) {
	case 0x0a: /* remember_state */
		if (m->nr_saved == STATES_MAX)
			d->bad = true;
		else
			m->saved[m->nr_saved++] = m->row;
		return true;
	case 0x0b: /* restore_state */
		if (!m->nr_saved)
			d->bad = true;
		else
			m->row = m->saved[--m->nr_saved];
		return true;
	case 0x0c: /* def_cfa */
		reg = dw_uleb(d);
		def_cfa(m, reg, (int64_t)dw_uleb(d));
		return true;
	case 0x0d: /* def_cfa_register */
		def_cfa(m, dw_uleb(d), m->row.cfa_off);
		return true;
	case 0x0e: /* def_cfa_offset */
		m->row.cfa_off = (int64_t)dw_uleb(d);
		return true;
	case 0x0f: /* def_cfa_expression */
		m->row.cfa_size = dw_uleb(d);
		m->row.cfa_expr = d->p;
		m->row.cfa_is_expr = true;
		dw_skip(d, m->row.cfa_size);
		return true;
	case 0x12: /* def_cfa_sf */
		reg = dw_uleb(d);
		def_cfa(m, reg, scaled(m, (uint64_t)dw_sleb(d)));
		return true;
	case 0x13: /* def_cfa_offset_sf */
		m->row.cfa_off = scaled(m, (uint64_t)dw_sleb(d));
		return true;
	case 0x2e: /* GNU_args_size */
		dw_uleb(d);
		return true;
	default:
		return false;
	}
}

/* Run a program until it is past @target. Every instruction takes a byte, so it ends. */
static int run(struct machine *m, struct dw d, uint64_t target, struct err *err)
{
	while (d.p < d.end && !d.bad) {
		uint8_t op = (uint8_t)dw_uint(&d, 1);
		uint64_t advance = 0;

		switch (op >> 6) {
		case 1:
			advance = op & 0x3f;
			break;
		case 2:
			set_offset(m, op & 0x3f, scaled(m, dw_uleb(&d)));
			continue;
		case 3:
			if ((op & 0x3f) < (int)CFI_REGS)
				m->row.reg[op & 0x3f] = m->initial.reg[op & 0x3f];
			continue;
		default:
			if (!op) /* nop */
				continue;
			if (op == 1) { /* set_loc */
				m->loc = dw_encoded(&d, m->cie->fde_enc, 0);
				if (m->loc > target)
					return 0;
				continue;
			}
			if (op >= 2 && op <= 4) {
				advance = dw_uint(&d, 1u << (op - 2));
				break;
			}
			if (!extended(m, &d, op) && !cfa_op(m, &d, op))
				return err_set(err, ERR_UNSUPPORTED, "unwind instruction 0x%x", op);
			continue;
		}
		m->loc += advance * m->cie->code_align;
		if (m->loc > target)
			return 0;
	}
	return d.bad ? err_set(err, ERR_CORRUPT, "a damaged unwind program") : 0;
}

/* Address of the FDE for @pc, by the sorted table of .eh_frame_hdr. */
static int find_fde(const struct reader *mem, uvaddr_t hdr, uint64_t hdr_size, uint64_t pc,
		    uvaddr_t *ret, struct err *err)
{
	uint8_t buf[32], e[8];
	struct dw d = { .p = buf, .end = buf + min_u64(sizeof(buf), hdr_size), .at = hdr };
	uint8_t version, frame_enc, count_enc, table_enc;
	uint64_t n, lo = 0, hi, loc;
	uvaddr_t table;
	int rc = reader_read(mem, hdr, buf, (size_t)(d.end - d.p), err);

	if (rc)
		return rc;
	version = (uint8_t)dw_uint(&d, 1);
	frame_enc = (uint8_t)dw_uint(&d, 1);
	count_enc = (uint8_t)dw_uint(&d, 1);
	table_enc = (uint8_t)dw_uint(&d, 1);
	dw_encoded(&d, frame_enc, hdr);
	n = dw_encoded(&d, count_enc, hdr);
	table = d.at;
	/* What every linker makes: pairs of 4-byte distances from the header. */
	if (d.bad || version != 1 || table_enc != 0x3b || !n || n > FDES_MAX ||
	    n * 8 > hdr_size)
		return err_set(err, ERR_UNSUPPORTED, "unwind table at 0x%" PRIx64, hdr);
	for (hi = n; hi - lo > 1;) {
		uint64_t mid = lo + (hi - lo) / 2;

		rc = reader_read(mem, table + 8 * mid, e, 4, err);
		if (rc)
			return rc;
		if (hdr + (uint64_t)(int64_t)(int32_t)get_u32(e) <= pc)
			lo = mid;
		else
			hi = mid;
	}
	rc = reader_read(mem, table + 8 * lo, e, 8, err);
	if (rc)
		return rc;
	loc = hdr + (uint64_t)(int64_t)(int32_t)get_u32(e);
	if (loc > pc)
		return err_set(err, ERR_NOTFOUND, "no unwind entry for 0x%" PRIx64, pc);
	*ret = hdr + (uint64_t)(int64_t)(int32_t)get_u32(e + 4);
	return 0;
}

static int read_word(const struct reader *mem, uint64_t at, uint64_t *ret, struct err *err)
{
	uint8_t b[8];
	int rc = reader_read(mem, at, b, sizeof(b), err);

	if (!rc)
		*ret = get_u64(b);
	return rc;
}

static int find_cfa(const struct reader *mem, const struct row *row, const struct cfi_regs *regs,
		    uint64_t *cfa, struct err *err)
{
	if (row->cfa_is_expr)
		return cfi_expr(mem, row->cfa_expr, row->cfa_size, regs, false, 0, cfa, err);
	if (row->cfa_reg >= CFI_REGS || !(regs->known >> row->cfa_reg & 1))
		return err_set(err, ERR_ABSENT, "register %u, which the frame is based on, is not known",
			       row->cfa_reg);
	*cfa = regs->r[row->cfa_reg] + (uint64_t)row->cfa_off;
	return 0;
}

/* One register of the caller. Those that cannot be had become unknown; only the return address must be. */
static int recover(const struct reader *mem, const struct reg_rule *rule, unsigned int i,
		   const struct cfi_regs *from, uint64_t cfa, struct cfi_regs *to, struct err *err)
{
	uint64_t v = 0;
	int rc = 0;

	switch (rule->rule) {
	case SAME:
		if (!(from->known >> i & 1))
			return 0;
		v = from->r[i];
		break;
	case UNDEFINED:
		return 0;
	case AT_CFA:
		rc = read_word(mem, cfa + (uint64_t)rule->off, &v, err);
		break;
	case IS_CFA:
		v = cfa + (uint64_t)rule->off;
		break;
	case IN_REG:
		if (!(from->known >> rule->reg & 1))
			return 0;
		v = from->r[rule->reg];
		break;
	case AT_EXPR:
	case IS_EXPR:
		rc = cfi_expr(mem, rule->expr, rule->size, from, true, cfa, &v, err);
		if (!rc && rule->rule == AT_EXPR)
			rc = read_word(mem, v, &v, err);
		break;
	}
	if (rc)
		return rc;
	to->r[i] = v;
	to->known |= 1u << i;
	return 0;
}

static int apply(const struct reader *mem, const struct row *row, struct cfi_regs *regs,
		 struct err *err)
{
	struct cfi_regs to = { .known = 0 };
	uint64_t cfa;
	unsigned int i;
	int rc = find_cfa(mem, row, regs, &cfa, err);

	if (rc)
		return rc;
	/* An undefined return address is how the outermost frame says so. */
	if (row->reg[CFI_RA].rule == UNDEFINED)
		return err_set(err, ERR_NOTFOUND, "the outermost frame");
	to.r[CFI_RSP] = cfa;
	to.known = 1u << CFI_RSP;
	for (i = 0; i < CFI_REGS; i++) {
		if (i == CFI_RSP && row->reg[i].rule == SAME)
			continue;
		rc = recover(mem, &row->reg[i], i, regs, cfa, &to, i == CFI_RA ? err : NULL);
		if (rc && i == CFI_RA)
			return rc;
	}
	if (!(to.known >> CFI_RA & 1) || row->reg[CFI_RA].rule == SAME)
		return err_set(err, ERR_CORRUPT, "no rule for the return address");
	*regs = to;
	return 0;
}

int cfi_step(const struct reader *mem, uvaddr_t hdr, uint64_t hdr_size, struct cfi_regs *regs,
	     bool *exact, struct err *err)
{
	uint8_t fde_buf[ENTRY_MAX], cie_buf[ENTRY_MAX];
	uint64_t pc = regs->r[CFI_RA] - !*exact, start, size, aug;
	struct machine m = { .nr_saved = 0 };
	struct dw fde, cie_dw;
	struct cie cie;
	uvaddr_t at = 0, id_at;
	uint32_t id;
	int rc = find_fde(mem, hdr, hdr_size, pc, &at, err);

	if (!rc)
		rc = load_entry(mem, at, fde_buf, &fde, err);
	if (rc)
		return rc;
	id_at = fde.at;
	id = (uint32_t)dw_uint(&fde, 4);
	if (!id)
		return err_set(err, ERR_CORRUPT, "unwind table leads to a CIE at 0x%" PRIx64, at);
	rc = load_entry(mem, id_at - id, cie_buf, &cie_dw, err);
	if (!rc)
		rc = parse_cie(&cie_dw, &cie, err);
	if (rc)
		return rc;
	start = dw_encoded(&fde, cie.fde_enc, 0);
	size = dw_encoded(&fde, cie.fde_enc & 0x0f, 0);
	if (cie.has_aug) {
		aug = dw_uleb(&fde);
		dw_skip(&fde, aug);
	}
	if (fde.bad)
		return err_set(err, ERR_CORRUPT, "a damaged FDE at 0x%" PRIx64, at);
	if (pc < start || pc - start >= size)
		return err_set(err, ERR_NOTFOUND, "no unwind entry for 0x%" PRIx64, pc);
	m.cie = &cie;
	m.loc = 0;
	rc = run(&m, cie.program, UINT64_MAX, err);
	m.initial = m.row;
	m.loc = start;
	if (!rc)
		rc = run(&m, fde, pc, err);
	if (!rc)
		rc = apply(mem, &m.row, regs, err);
	if (!rc)
		*exact = cie.is_signal;
	return rc;
}
