export { type Consumer, Mailbox, type MailboxStats, type Message } from "./mailbox.ts";
