"""A telephone network to develop and test against: a process of its own that shares nothing with the portal but HTTP.

It takes messages, refuses some, and reports later what became of the others: most are delivered, some are not, a few
receipts come late, twice, out of order or never. What happens to a message depends on its key alone, except for these
last four digits of the number, with which a person or a test chooses:

0000  refused at hand-over, the number is unknown
0001  not delivered, the number is unknown
0002  expired, the telephone was off
0003  delivered, and every receipt comes twice
0004  never a receipt
0005  delivered, late
0006  delivered, and the receipt comes before the answer to the hand-over
0007  delivered, soon
0008  delivered, and the receipt of a step on the way comes after that
0009  delivered, and the telephone writes STOP
0010  delivered, and the telephone writes thanks

While it runs `POST /manners` changes how it behaves (loss, latency, refusals, receipts late, twice, never or out of
order), and `POST /replies` has a telephone write.
"""
