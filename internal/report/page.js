// The table of files. Rows are unpacked into columns, and only those in sight are in the document. What packages and servers are
// called goes into text nodes alone.
(() => {
	'use strict';
	const ROW = 34, MARGIN = 12;
	const $ = id => document.getElementById(id);
	const total = Number($('browser').dataset.rows);
	const next = JSON.parse($('next').textContent);
	const number = new Intl.NumberFormat('en');
	const worst = ['failed', 'conflict', 'unsettled', 'skipped', 'published', 'present'];

	// Columns. Of packages: arrays; of files: typed where they are numbers. Codes are places in words.
	const words = [];
	const lines = [], names = [], versions = [], targets = [], errors = [], attempts = [], times = [];
	const codes = Array.from({length: 8}, () => []);
	const [FORMAT, SOURCE, REPOSITORY, PROJECT, OUTCOME, REASON, , TOOL] = codes.keys();
	const owners = new Uint32Array(total), sizes = new Float64Array(total), proofs = new Uint16Array(total);
	const paths = [], sums = [], held = [], urls = [];
	const packageTexts = [], fileTexts = []; // what is searched: {text, starts, first}
	let rows = 0;

	const append = (to, from) => { for (const one of from) to.push(one); };

	// text joins what is searched in a chunk, and remembers where each part starts.
	function text(parts, first) {
		const starts = new Uint32Array(parts.length + 1);
		let at = 0;
		for (let i = 0; i < parts.length; i++) { starts[i] = at; at += parts[i].length + 1; }
		starts[parts.length] = at;
		return {text: parts.join('\n') + '\n', starts, first};
	}

	function take(c) {
		const orEmpty = list => list || [];
		append(words, orEmpty(c.w));
		const n = orEmpty(c.n);
		if (n.length) packageTexts.push(text(n.map((name, i) => (name + '@' + c.v[i] + ' ' + c.t[i] + ' ' + c.e[i]).toLowerCase()), names.length));
		append(lines, orEmpty(c.l)); append(names, n); append(versions, orEmpty(c.v)); append(targets, orEmpty(c.t));
		append(errors, orEmpty(c.e)); append(attempts, orEmpty(c.a)); append(times, orEmpty(c.d));
		for (let i = 0; i < 8; i++) append(codes[i], orEmpty(c.c[i]));
		const p = orEmpty(c.p);
		if (p.length) fileTexts.push(text(p.map(one => one.toLowerCase()), rows));
		for (let i = 0; i < p.length; i++, rows++) { owners[rows] = c.o[i]; sizes[rows] = c.s[i]; proofs[rows] = c.f[i]; }
		append(paths, p); append(sums, orEmpty(c.h)); append(held, orEmpty(c.g)); append(urls, orEmpty(c.u));
	}

	// bytes decodes base64 piece by piece.
	function bytes(base64) {
		const parts = [], step = 1 << 20; // a multiple of 4
		for (let at = 0; at < base64.length; at += step) {
			const binary = atob(base64.slice(at, at + step));
			const part = new Uint8Array(binary.length);
			for (let i = 0; i < binary.length; i++) part[i] = binary.charCodeAt(i);
			parts.push(part);
		}
		return parts;
	}

	async function unpack() {
		const node = $('rows');
		const packed = new Blob(bytes(node.textContent));
		node.remove();
		const reader = packed.stream().pipeThrough(new DecompressionStream('gzip')).pipeThrough(new TextDecoderStream()).getReader();
		let rest = '';
		for (;;) {
			const {value, done} = await reader.read();
			if (done) break;
			const parts = (rest + value).split('\n');
			rest = parts.pop();
			for (const part of parts) take(JSON.parse(part));
		}
	}

	// mark sets hits to 1 for every part of texts that holds a term.
	function mark(texts, term, hits) {
		for (const {text, starts, first} of texts) {
			let i = 0;
			for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, starts[i])) {
				while (starts[i + 1] <= at) i++;
				hits[first + i] = 1;
				i++;
				if (i + 1 >= starts.length) break;
			}
		}
	}

	const digest = /^[0-9a-f]{6,64}$/;

	// find tells which rows hold a term: in the package's own words, in its codes, in the file's path, or as its digest.
	function find(term) {
		const ofPackage = new Uint8Array(names.length), ofFile = new Uint8Array(rows);
		mark(packageTexts, term, ofPackage);
		mark(fileTexts, term, ofFile);
		const spoken = new Uint8Array(words.length);
		let any = false;
		words.forEach((word, i) => { if (word.toLowerCase().includes(term)) { spoken[i] = 1; any = true; } });
		if (any) {
			for (const column of [FORMAT, SOURCE, REPOSITORY, PROJECT, OUTCOME, REASON]) {
				const code = codes[column];
				for (let i = 0; i < code.length; i++) ofPackage[i] |= spoken[code[i]];
			}
		}
		if (digest.test(term)) {
			for (let i = 0; i < rows; i++) if (sums[i].includes(term)) ofFile[i] = 1;
		}
		for (let i = 0; i < rows; i++) ofFile[i] |= ofPackage[owners[i]] | spoken[proofs[i]];
		return ofFile;
	}

	// Orders are permutations of all rows; a search keeps their order, so that it never sorts.
	const orders = new Map();
	const rank = code => worst.indexOf(words[code]);
	const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;
	const keys = {
		name: (a, b) => compare(names[owners[a]], names[owners[b]]) || compare(versions[owners[a]], versions[owners[b]]),
		path: (a, b) => compare(paths[a], paths[b]),
		size: (a, b) => sizes[a] - sizes[b],
		outcome: (a, b) => rank(codes[OUTCOME][owners[a]]) - rank(codes[OUTCOME][owners[b]]),
		proof: (a, b) => compare(words[proofs[a]], words[proofs[b]]),
		project: (a, b) => compare(words[codes[PROJECT][owners[a]]], words[codes[PROJECT][owners[b]]]),
		settled: (a, b) => times[owners[a]][2] - times[owners[b]][2],
	};
	let sort = {key: 'outcome', down: false};

	function order() {
		const name = sort.key + sort.down;
		if (!orders.has(name)) {
			const all = new Uint32Array(rows);
			for (let i = 0; i < rows; i++) all[i] = i;
			const by = keys[sort.key], sign = sort.down ? -1 : 1;
			orders.clear(); // one is enough to keep
			orders.set(name, all.sort((a, b) => sign * by(a, b) || a - b));
		}
		return orders.get(name);
	}

	let shown = new Uint32Array(0), chosen = -1;

	function search() {
		const began = performance.now();
		const terms = $('query').value.toLowerCase().split(/\s+/).filter(term => term);
		const hits = terms.map(find);
		const outcome = Number($('outcome').value || -1), format = Number($('format').value || -1), proof = Number($('proof').value || -1);
		const all = order(), found = new Uint32Array(rows);
		let n = 0;
		for (let i = 0; i < all.length; i++) {
			const row = all[i], of = owners[row];
			if (outcome >= 0 && codes[OUTCOME][of] !== outcome || format >= 0 && codes[FORMAT][of] !== format || proof >= 0 && proofs[row] !== proof) continue;
			let holds = true;
			for (const hit of hits) if (!hit[row]) { holds = false; break; }
			if (holds) found[n++] = row;
		}
		shown = found.subarray(0, n);
		chosen = -1;
		$('viewport').scrollTop = 0;
		$('table').setAttribute('aria-rowcount', n + 1);
		render(true);
		void $('body').offsetHeight; // the answer is laid out, too
		const took = performance.now() - began;
		document.documentElement.dataset.searchMs = took.toFixed(2);
		document.documentElement.dataset.found = n;
		$('status').textContent = number.format(n) + ' of ' + number.format(rows) + (rows === 1 ? ' file' : ' files') + ' · ' + Math.max(1, Math.round(took)) + ' ms';
	}

	// clean leaves out what steers the direction or the layout of text.
	const clean = s => s.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
	const element = (name, text, style) => {
		const one = document.createElement(name);
		if (text !== undefined) one.textContent = clean(text);
		if (style) one.className = style;
		return one;
	};
	const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
	function size(n) {
		if (n < 0) return 'unknown';
		let i = 0;
		while (n >= 1024 && i < units.length - 1) { n /= 1024; i++; }
		return (i && n < 10 ? n.toFixed(1) : Math.round(n)) + ' ' + units[i];
	}
	const moment = s => s ? new Date(s * 1000).toISOString().slice(0, 19).replace('T', ' ') : '–';

	function line(place) {
		const row = shown[place], of = owners[row];
		const tr = element('tr');
		tr.dataset.place = place;
		tr.id = 'row-' + place;
		tr.setAttribute('aria-rowindex', place + 2);
		if (place === chosen) tr.className = 'chosen';
		const cell = (...parts) => { const td = element('td'); td.append(...parts); tr.append(td); return td; };
		const short = s => clean(s.slice(0, 300)); // more is laid out slowly and not seen
		const name = cell(element('b', short(names[of])), element('span', short(versions[of]), 'ver'));
		name.title = short(names[of] + ' ' + versions[of]);
		cell(short(paths[row])).title = short(paths[row]);
		cell(size(sizes[row])).className = 'right';
		const outcome = words[codes[OUTCOME][of]];
		cell(element('i', '', 'swatch o-' + outcome), outcome).title = words[codes[REASON][of]];
		cell(words[proofs[row]] || '–');
		const project = words[codes[PROJECT][of]];
		cell(clean(project.slice(project.lastIndexOf('/') + 1)) || '–').title = clean(project);
		cell(moment(times[of][2]).slice(0, 16));
		return tr;
	}

	const gap = height => {
		const tr = element('tr', undefined, 'gap'), td = element('td');
		td.colSpan = 7;
		td.style.height = height + 'px';
		tr.setAttribute('aria-hidden', 'true');
		tr.append(td);
		return tr;
	};

	let first = -1, last = -1;

	// render puts the rows in sight into the document, between two gaps as high as the others.
	function render(anew) {
		const view = $('viewport');
		const from = Math.max(0, Math.floor(view.scrollTop / ROW) - MARGIN);
		const to = Math.min(shown.length, Math.ceil((view.scrollTop + view.clientHeight) / ROW) + MARGIN);
		if (!anew && from === first && to === last) return;
		[first, last] = [from, to];
		const part = document.createDocumentFragment();
		part.append(gap(from * ROW));
		for (let i = from; i < to; i++) part.append(line(i));
		part.append(gap((shown.length - to) * ROW));
		$('body').replaceChildren(part);
		const active = chosen >= from && chosen < to;
		if (active) view.setAttribute('aria-activedescendant', 'row-' + chosen);
		else view.removeAttribute('aria-activedescendant');
	}

	function choose(place) {
		if (!shown.length) return;
		chosen = Math.max(0, Math.min(shown.length - 1, place));
		const view = $('viewport'), head = 36, top = chosen * ROW;
		if (top < view.scrollTop) view.scrollTop = top;
		else if (top + ROW + head > view.scrollTop + view.clientHeight) view.scrollTop = top + ROW + head - view.clientHeight;
		render(true);
	}

	// open shows everything that the page knows of a file.
	function open(place) {
		const row = shown[place], of = owners[row], word = column => words[codes[column][of]];
		$('details-title').textContent = clean(names[of] + (versions[of] ? ' ' + versions[of] : ''));
		const list = $('details-list');
		list.replaceChildren();
		const same = held[row] === '=';
		const entries = [
			['File', paths[row]], ['Size', sizes[row] < 0 ? 'unknown' : size(sizes[row]) + ' (' + number.format(sizes[row]) + ' bytes)'],
			['Outcome', word(OUTCOME)], ['Reason', word(REASON)], ['What to do next', next[word(REASON)]], ['Error', errors[of]],
			['Format', word(FORMAT)], ['Source', [word(SOURCE), word(REPOSITORY)].filter(s => s).join(' / ')], ['Address at the source', urls[row]],
			['Project', word(PROJECT)], ['Name on GitLab', targets[of]], ['SHA-256', sums[row]],
			['GitLab shows', same ? 'the same digest' : held[row]], ['Proof', words[proofs[row]]], ['Attempts', String(attempts[of])],
			['Listed', moment(times[of][0])], ['Sending began', moment(times[of][1])], ['Settled', moment(times[of][2])],
			['Settled by', word(TOOL) && 'pkgferry ' + word(TOOL)], ['Line of packages.ndjson', number.format(lines[of])],
		];
		for (const [name, value] of entries) {
			if (!value || value === '–') continue;
			const div = element('div');
			div.append(element('dt', name), element('dd', value));
			list.append(div);
		}
		$('details').showModal();
	}

	function options(select, values) {
		for (const code of [...new Set(values)].sort((a, b) => compare(words[a], words[b]))) {
			if (!words[code]) continue;
			const option = element('option', words[code]);
			option.value = code;
			select.append(option);
		}
	}

	function keyboard(event) {
		const page = Math.max(1, Math.floor($('viewport').clientHeight / ROW) - 2);
		const move = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity}[event.key];
		if (move !== undefined) choose(chosen < 0 && move > 0 && move !== Infinity ? Math.floor($('viewport').scrollTop / ROW) : Math.max(chosen, 0) + move);
		else if (event.key === 'Enter' && event.target === $('viewport') && chosen >= 0) open(chosen);
		else return;
		event.preventDefault();
	}

	function listen() {
		$('controls').addEventListener('submit', event => event.preventDefault());
		$('query').addEventListener('input', search);
		$('query').addEventListener('keydown', event => {
			if (event.key === 'ArrowDown') { $('viewport').focus(); choose(0); event.preventDefault(); }
			if (event.key === 'Escape' && $('query').value) { $('query').value = ''; search(); }
		});
		for (const id of ['outcome', 'format', 'proof']) $(id).addEventListener('change', search);
		$('viewport').addEventListener('scroll', () => render(false), {passive: true});
		$('viewport').addEventListener('keydown', keyboard);
		new ResizeObserver(() => render(false)).observe($('viewport'));
		$('body').addEventListener('click', event => {
			const tr = event.target.closest('tr[data-place]');
			if (!tr) return;
			choose(Number(tr.dataset.place));
			open(chosen);
		});
		$('details').addEventListener('click', event => { if (event.target === $('details')) $('details').close(); });
		for (const button of document.querySelectorAll('[data-sort]')) {
			button.addEventListener('click', () => {
				sort = {key: button.dataset.sort, down: sort.key === button.dataset.sort && !sort.down};
				sorted();
				search();
			});
		}
		document.addEventListener('keydown', event => {
			if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
			$('query').focus();
			event.preventDefault();
		});
	}

	function sorted() {
		for (const button of document.querySelectorAll('[data-sort]')) {
			const th = button.closest('th');
			if (button.dataset.sort === sort.key) th.setAttribute('aria-sort', sort.down ? 'descending' : 'ascending');
			else th.removeAttribute('aria-sort');
		}
	}

	async function begin() {
		try {
			await unpack();
		} catch (error) {
			$('status').textContent = 'This browser can not unpack the table; the same rows are in files.csv. (' + error + ')';
			return;
		}
		options($('outcome'), codes[OUTCOME]);
		options($('format'), codes[FORMAT]);
		options($('proof'), proofs);
		for (const id of ['query', 'outcome', 'format', 'proof']) $(id).disabled = false;
		listen();
		sorted();
		search();
		document.documentElement.dataset.ready = 'yes';
	}

	begin();
})();
