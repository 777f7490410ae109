"""Switching automatic recharge on and off, answering its questions, and reading why it did or did not start."""

from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.auto_recharge import links, selectors, services
from billing.auto_recharge.decide import Answer
from billing.auto_recharge.forms import AutoRechargeForm
from billing.auto_recharge.models import AutoRecharge, Question
from billing.auto_recharge.selectors import Standing
from billing.auto_recharge.wording import WORDS, words
from billing.credits import selectors as credits_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

ROWS: Final = 25


@account_view(Capability.VIEW_BILLING)
@require_safe
def auto_recharge(request: AccountRequest) -> HttpResponse:
    """How it is set up, what is missing, and what waits for an answer."""
    standing = selectors.standing(request.account, timezone.now())
    return _show(request, _form(request, standing), standing)


@account_view(Capability.BUY)
@require_POST
def auto_recharge_terms(request: AccountRequest) -> HttpResponse:
    """Switch on, or change what is on."""
    now = timezone.now()
    standing = selectors.standing(request.account, now)
    form = _form(request, standing)
    if not form.is_valid():
        return _show(request, form, standing)
    try:
        auto = services.switch_on(
            account=request.account,
            terms=form.terms(),
            revision=form.cleaned_data["revision"],
            actor_id=request.user.pk,
            now=now,
        )
    except services.ConditionMissing as missing:
        form.add_error(None, str(WORDS[missing.answer].advice or WORDS[missing.answer].found))
    except services.NotAllowed:
        form.add_error(None, _("Choose a threshold above zero, a quantity of the list, and limits above zero."))
    except services.ChangedMeanwhile:
        messages.warning(request, _("Somebody changed this meanwhile. Look at how it stands now, then decide again."))
        return redirect("auto_recharge", request.account.public_id)
    else:
        services.evaluate(auto_id=auto.pk, now=now)
        messages.success(request, _("Automatic recharge is switched on."))
        return redirect("auto_recharge", request.account.public_id)
    return _show(request, form, standing)


@account_view(Capability.BUY)
@require_POST
def auto_recharge_end(request: AccountRequest) -> HttpResponse:
    """Switch off."""
    try:
        services.switch_off(
            account=request.account,
            revision=_revision(request),
            actor_id=request.user.pk,
            now=timezone.now(),
        )
    except services.ChangedMeanwhile:
        messages.warning(request, _("Somebody changed this meanwhile. Look at how it stands now, then decide again."))
    else:
        messages.success(request, _("Automatic recharge is switched off. Nothing is bought automatically any more."))
    return redirect("auto_recharge", request.account.public_id)


@account_view(Capability.BUY)
@require_POST
def auto_recharge_resumption(request: AccountRequest) -> HttpResponse:
    """Charge again after declined payments, or after money that went back."""
    now = timezone.now()
    try:
        auto = services.resume(account=request.account, revision=_revision(request), actor_id=request.user.pk, now=now)
    except services.ChangedMeanwhile:
        messages.warning(request, _("Somebody changed this meanwhile. Look at how it stands now, then decide again."))
        return redirect("auto_recharge", request.account.public_id)
    if auto is not None:
        services.evaluate(auto_id=auto.pk, now=now)
        messages.success(request, _("The automatic recharge checks again. What came of it is shown below."))
    return redirect("auto_recharge", request.account.public_id)


@account_view(Capability.BUY)
@require_POST
def auto_recharge_answer(request: AccountRequest, question: UUID) -> HttpResponse:
    """Approve or deny a purchase that looked unusual."""
    asked = get_object_or_404(selectors.questions(request.account), public_id=question)
    verdict, now = request.POST.get("verdict"), timezone.now()
    if verdict not in ("approve", "deny"):
        messages.error(request, _("Choose whether to approve or to deny the purchase."))
        return redirect("auto_recharge", request.account.public_id)
    try:
        services.answer(
            question=asked,
            approve=verdict == "approve",
            gross_cents=_number(request.POST.get("amount", "")),
            actor_id=request.user.pk,
            now=now,
        )
    except services.AmountChanged:
        messages.warning(request, _("The amount has changed since the page was opened. Look at it, then answer again."))
    except services.AlreadyAnswered:
        messages.warning(request, _("This question was answered before, or is not needed any more."))
    else:
        if verdict == "approve":
            services.evaluate(auto_id=asked.auto_recharge_id, now=now)
            messages.success(request, _("Approved: the credits are being bought."))
        else:
            messages.success(request, _("Denied: nothing was charged, and automatic recharge is switched off."))
    return redirect("auto_recharge", request.account.public_id)


@account_view(Capability.BUY)
@require_safe
def auto_recharge_question(request: AccountRequest, question: UUID) -> HttpResponse:
    """The page behind the link of the mail: what would be bought, and why that is asked. Nothing changes by opening it."""
    asked = get_object_or_404(selectors.questions(request.account), public_id=question)
    now, fault, status = timezone.now(), "", 200
    try:
        links.check(request.GET.get("key", ""), question, now)
    except links.LinkInvalid:
        fault, status = "invalid", 404
    except links.LinkOld:
        fault, status = "old", 410
    context = {
        "question": asked,
        "fault": fault,
        "may_buy": True,
        "balance": credits_selectors.balance(request.account),
    }
    return render(request, "billing/auto_recharge/question.html", context, status=status)


@account_view(Capability.VIEW_BILLING)
@require_safe
def auto_recharge_evaluations(request: AccountRequest) -> HttpResponse:
    """Why a recharge started, or did not: every answer with its figures."""
    page = Paginator(selectors.evaluations(request.account), ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": [(row, words(row), _told(row.conditions)) for row in page],
        "page": page,
        "auto": selectors.of(request.account),
    }
    return render(request, "billing/auto_recharge/evaluations.html", context)


def _told(conditions: dict[str, bool]) -> list[tuple[str, bool]]:
    """The stored conditions in words: what was not met first, else in the order in which they were asked."""
    told = [(str(text.condition), conditions[name]) for name, text in WORDS.items() if name in conditions]
    return sorted(told, key=itemgetter(1))


def _revision(request: AccountRequest) -> int:
    """Which state of the settings the page showed; -1, which never was, for what is no number."""
    return _number(request.POST.get("revision", ""))


def _number(typed: str) -> int:
    """A whole number as a page sent it; -1 for what is none."""
    return int(typed) if typed.isdecimal() and typed.isascii() and len(typed) < 16 else -1


def _form(request: AccountRequest, standing: Standing) -> AutoRechargeForm:
    return AutoRechargeForm(
        request.POST if request.method == "POST" else None,
        proposed=request.GET,
        auto=standing.auto,
        methods=standing.methods,
        quantities=standing.rules.quantities,
        prices=selectors.prices(request.account, standing.rules.quantities, timezone.now()),
    )


def _stops(auto: AutoRecharge | None) -> str:
    """Which of the answers that a person can end stands now: a stop after returned money, or a pause."""
    return auto.last_answer if auto and auto.last_answer in (Answer.RETURNED, Answer.PAUSED) else ""


def _show(request: AccountRequest, form: AutoRechargeForm, standing: Standing) -> HttpResponse:
    waiting = selectors.questions(request.account).filter(state=Question.State.WAITING)
    context: dict[str, Any] = {
        "form": form,
        "auto": standing.auto,
        "conditions": [(WORDS[answer], is_met) for answer, is_met in standing.conditions.items()],
        "can_switch_on": standing.missing is None,
        "old_enough_on": standing.old_enough_on,
        "policy": standing.rules,
        "question": waiting.first(),
        "stops": _stops(standing.auto),
        "last": [(row, words(row)) for row in selectors.evaluations(request.account)[:1]],
        "balance": credits_selectors.balance(request.account),
        "may_buy": request.member.can(Capability.BUY),
    }
    return render(request, "billing/auto_recharge/auto_recharge.html", context, status=422 if form.errors else 200)
