/** The earliest of several points in time, in milliseconds of the session's clock. */
export class Deadlines {
  private at_: number | undefined;

  get earliest(): number | undefined {
    return this.at_;
  }

  at(time: number | undefined): void {
    if (time !== undefined && (this.at_ === undefined || time < this.at_)) {
      this.at_ = time;
    }
  }

  /** A point in time plus a wait; a wait of 0 means never. */
  after(time: number, wait: number): void {
    if (wait > 0) {
      this.at(time + wait);
    }
  }
}

/** Whether a deadline, if there is one, has come. */
export function isOver(now: number, deadline: number | undefined): boolean {
  return deadline !== undefined && now >= deadline;
}
