export interface Asking<Question, Answer> {
  ask: (question: Question, signal: AbortSignal) => Promise<Answer>;
  tell: (answer: Answer) => void;
  fail: (error: unknown) => void;
  waitMilliseconds: number;
}

/**
 * Questions that follow each other faster than they are answered: a question is asked once nothing newer came for
 * `waitMilliseconds`, the one before it is given up, and an answer that comes late is dropped. The last question wins.
 */
export class Latest<Question, Answer> {
  #newest = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: AbortController | undefined;

  readonly #to: Asking<Question, Answer>;

  constructor(to: Asking<Question, Answer>) {
    this.#to = to;
  }

  ask(question: Question): void {
    const number = this.#giveUp();
    this.#timer = setTimeout(() => {
      const asked = (this.#asked = new AbortController());
      this.#to.ask(question, asked.signal).then(
        (answer) => number === this.#newest && this.#to.tell(answer),
        (error: unknown) => number === this.#newest && this.#to.fail(error),
      );
    }, this.#to.waitMilliseconds);
  }

  /** Whatever was asked is answered to nobody. */
  stop(): void {
    this.#giveUp();
  }

  #giveUp(): number {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    return ++this.#newest;
  }
}
