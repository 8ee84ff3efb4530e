/** Entries of a leaf, or children of a branch. */
const maxWidth = 64;

/** A cursor goes so far by steps; a search costs as much as some of them. */
const maxSteps = 8;

/** Whoever owns a node may change it in place. */
type Owner = object;

interface Leaf<Value> {
  readonly owner: Owner;
  readonly keys: string[];
  readonly values: Value[];
}

interface Branch<Value> {
  readonly owner: Owner;
  /** `keys[i]` is not above any key of `children[i + 1]`, and above all of `children[i]`. */
  readonly keys: string[];
  readonly children: Node<Value>[];
}

type Node<Value> = Leaf<Value> | Branch<Value>;

/** What an insertion made of a node that became too wide. */
interface Split<Value> {
  readonly separator: string;
  readonly right: Node<Value>;
}

/**
 * A map in the order of its keys (UTF-16 units): a B+ tree whose nodes are copied when a snapshot still needs them. Taking a
 * snapshot costs nothing; the first change of each node afterwards copies that node.
 */
export class SortedMap<Value> {
  #owner: Owner = {};
  #root: Node<Value>;
  #size = 0;
  /** The last leaf, while it may be changed in place: keys that come in order need no search. */
  #last: Leaf<Value> | undefined;

  constructor() {
    this.#root = { owner: this.#owner, keys: [], values: [] };
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return find(this.#root, key);
  }

  /** @returns the value before */
  set(key: string, value: Value): Value | undefined {
    if (this.#append(key, value)) return undefined;
    const root = this.#own(this.#root);
    this.#root = root;
    this.#replaced = undefined;
    const split = this.#insert(root, key, value);
    if (split !== undefined)
      this.#root = { owner: this.#owner, keys: [split.separator], children: [root, split.right] };
    this.#last ??= this.#ownLast();
    if (this.#replaced === undefined) this.#size++;
    return this.#replaced;
  }

  /** @returns the value that was there */
  delete(key: string): Value | undefined {
    if (find(this.#root, key) === undefined) return undefined;
    this.#last = undefined;
    const root = this.#own(this.#root);
    this.#root = root;
    const removed = this.#remove(root, key);
    if ("children" in root && root.children.length === 1) this.#root = root.children[0] ?? root;
    else if ("children" in root && root.children.length === 0)
      this.#root = { owner: this.#owner, keys: [], values: [] };
    this.#size--;
    return removed;
  }

  /** The map as it is now, whatever becomes of it. */
  snapshot(): SortedSnapshot<Value> {
    this.#owner = {};
    this.#last = undefined;
    return new SortedSnapshot(this.#root, this.#size);
  }

  /** Entries from a key on. The map must not be changed meanwhile; else take a snapshot. */
  entries(from: string): Generator<readonly [string, Value]> {
    return walk(this.#root, from);
  }

  /** Gets keys that mostly come in order. The map must not be changed meanwhile. */
  cursor(): Cursor<Value> {
    return new Cursor(this.#root);
  }

  #replaced: Value | undefined;

  /** @returns whether it could be put behind all others at once */
  #append(key: string, value: Value): boolean {
    const last = this.#last;
    if (last === undefined || last.keys.length === maxWidth) return false;
    const highest = last.keys[last.keys.length - 1];
    if (highest === undefined || key <= highest) return false;
    last.keys.push(key);
    last.values.push(value);
    this.#size++;
    return true;
  }

  #ownLast(): Leaf<Value> | undefined {
    let node: Node<Value> | undefined = this.#root;
    while (node !== undefined && "children" in node) node = node.children[node.children.length - 1];
    return node?.owner === this.#owner ? node : undefined;
  }

  #own(node: Node<Value>): Node<Value> {
    if (node.owner === this.#owner) return node;
    if ("children" in node) return { owner: this.#owner, keys: node.keys.slice(), children: node.children.slice() };
    return { owner: this.#owner, keys: node.keys.slice(), values: node.values.slice() };
  }

  #insert(node: Node<Value>, key: string, value: Value): Split<Value> | undefined {
    if (!("children" in node)) return this.#insertIntoLeaf(node, key, value);
    const index = childAt(node.keys, key);
    const child = node.children[index];
    if (child === undefined) throw new Error("a branch has one child more than keys");
    const own = this.#own(child);
    node.children[index] = own;
    const split = this.#insert(own, key, value);
    if (split === undefined) return undefined;
    node.keys.splice(index, 0, split.separator);
    node.children.splice(index + 1, 0, split.right);
    if (node.children.length <= maxWidth) return undefined;
    // Keys that come in order fill the nodes that they leave behind.
    const at = index + 2 === node.children.length ? maxWidth : maxWidth >>> 1;
    const children = node.children.splice(at);
    const keys = node.keys.splice(at - 1);
    const separator = keys.shift();
    if (separator === undefined) throw new Error("a branch that is split has keys");
    return { separator, right: { owner: this.#owner, keys, children } };
  }

  #insertIntoLeaf(leaf: Leaf<Value>, key: string, value: Value): Split<Value> | undefined {
    const index = placeOf(leaf.keys, key);
    if (leaf.keys[index] === key) {
      this.#replaced = leaf.values[index];
      leaf.values[index] = value;
      return undefined;
    }
    if (index === leaf.keys.length) {
      leaf.keys.push(key);
      leaf.values.push(value);
    } else {
      leaf.keys.splice(index, 0, key);
      leaf.values.splice(index, 0, value);
    }
    if (leaf.keys.length <= maxWidth) return undefined;
    this.#last = undefined;
    const at = index === maxWidth ? maxWidth : maxWidth >>> 1;
    const keys = leaf.keys.splice(at);
    const values = leaf.values.splice(at);
    return { separator: keys[0] ?? key, right: { owner: this.#owner, keys, values } };
  }

  #remove(node: Node<Value>, key: string): Value | undefined {
    if (!("children" in node)) {
      const index = placeOf(node.keys, key);
      node.keys.splice(index, 1);
      return node.values.splice(index, 1)[0];
    }
    const index = childAt(node.keys, key);
    const child = node.children[index];
    if (child === undefined) throw new Error("a branch has one child more than keys");
    const own = this.#own(child);
    node.children[index] = own;
    const removed = this.#remove(own, key);
    const isEmpty = "children" in own ? own.children.length === 0 : own.keys.length === 0;
    if (isEmpty) {
      node.children.splice(index, 1);
      node.keys.splice(Math.max(0, index - 1), 1);
    }
    return removed;
  }
}

/** A map at one moment. */
export class SortedSnapshot<Value> {
  readonly size: number;
  readonly #root: Node<Value>;

  constructor(root: Node<Value>, size: number) {
    this.#root = root;
    this.size = size;
  }

  get(key: string): Value | undefined {
    return find(this.#root, key);
  }

  /** From a key on. */
  entries(from = ""): Generator<readonly [string, Value]> {
    return walk(this.#root, from);
  }
}

/** Finds keys from where the last one was found: the next one lies close by when they come in order. */
export class Cursor<Value> {
  readonly #root: Node<Value>;
  #walk: Generator<readonly [string, Value]> | undefined;
  #next: readonly [string, Value] | undefined;

  constructor(root: Node<Value>) {
    this.#root = root;
  }

  get(key: string): Value | undefined {
    for (let steps = 0; this.#next !== undefined && this.#next[0] < key && steps < maxSteps; steps++) this.#step();
    if (this.#next?.[0] !== key) {
      const found = find(this.#root, key);
      if (found === undefined) return undefined;
      this.#walk = walk(this.#root, key);
      this.#step();
    }
    const value = this.#next?.[1];
    this.#step();
    return value;
  }

  #step(): void {
    const result = this.#walk?.next();
    this.#next = result === undefined || result.done === true ? undefined : result.value;
  }
}

function find<Value>(root: Node<Value>, key: string): Value | undefined {
  let node = root;
  while ("children" in node) {
    const child: Node<Value> | undefined = node.children[childAt(node.keys, key)];
    if (child === undefined) return undefined;
    node = child;
  }
  const index = placeOf(node.keys, key);
  return node.keys[index] === key ? node.values[index] : undefined;
}

function* walk<Value>(node: Node<Value>, from: string): Generator<readonly [string, Value]> {
  const path: { readonly branch: Branch<Value>; index: number }[] = [];
  let current: Node<Value> | undefined = node;
  let isFirst = true;
  while (current !== undefined) {
    while ("children" in current) {
      const index: number = isFirst ? childAt(current.keys, from) : 0;
      path.push({ branch: current, index });
      const child: Node<Value> | undefined = current.children[index];
      if (child === undefined) return;
      current = child;
    }
    const { keys, values } = current;
    for (let at = isFirst ? placeOf(keys, from) : 0; at < keys.length; at++) {
      const key = keys[at];
      const value = values[at];
      if (key !== undefined && value !== undefined) yield [key, value];
    }
    isFirst = false;
    current = undefined;
    for (let step = path.at(-1); step !== undefined && current === undefined; step = path.at(-1)) {
      step.index++;
      current = step.branch.children[step.index];
      if (current === undefined) path.pop();
    }
  }
}

/** The first place whose key is not below. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child that a key belongs to. */
function childAt(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
