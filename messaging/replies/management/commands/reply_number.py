"""Give a number that telephones write to to one account, or let it be nobody's: manage.py reply_number."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from messaging.delivery.replies import number
from messaging.replies import services
from messaging.replies.models import ReplyNumber
from portal.accounts.models import Account


class Command(BaseCommand):
    help = (
        "Give a number to an account from now on, or with --release to nobody. Replies to it go to its account's inbox."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="as the network writes it: +39339…, or a short number")
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument("--account", help="the public id that stands in the account's addresses")
        given.add_argument("--release", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was done, or why not."""
        written, now = number(options["number"]), timezone.now()
        if options["release"]:
            held = ReplyNumber.objects.filter(number=written, valid_until=None).first()
            if held is None:
                raise CommandError(f"{written} belongs to nobody.")
            services.release_number(number=held, actor_id=None, now=now)
            self.stdout.write(f"{written} belongs to nobody from now on.")
            return
        try:
            account = Account.objects.get(public_id=options["account"])
            services.assign_number(account=account, number=written, actor_id=None, now=now)
        except (Account.DoesNotExist, ValidationError) as error:
            raise CommandError(f"There is no account {options['account']}.") from error
        except services.NumberTaken as error:
            raise CommandError(f"{written} belongs to another account.") from error
        self.stdout.write(f"{written} belongs to {account} from now on.")
