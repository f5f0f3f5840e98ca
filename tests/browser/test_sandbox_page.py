"""The sandbox's page in a real browser, with a tiny app behind it: what a person types, clicks and sees."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.acting import Opens, column, newest, types
from tests.browser.sample_app import HOSTILE


def test_a_command_shows_its_table_and_a_heading_sorts_it(opens: Opens) -> None:
    page = opens()
    types(page, "/budget status")
    table = newest(page).get_by_test_id("data-table")
    expect(table.locator("tbody tr")).to_have_count(3)
    table.get_by_role("button", name="Spend").click()
    assert column(table, 1) == ["$9,870.42", "$4,120.55", "$2,310.10"]
    expect(table.get_by_role("columnheader", name="Spend")).to_have_attribute("aria-sort", "descending")
    table.get_by_role("button", name="Workload").click()
    assert column(table, 0) == ["code-review", "search-answers", "support-bot"]


def test_an_answer_for_one_person_is_not_seen_by_another_nor_after_a_reload(opens: Opens) -> None:
    page = opens()
    types(page, "/budget status")
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    page.get_by_test_id("person-switcher").click()
    page.get_by_test_id("person-U0FARAH").click()
    expect(page.get_by_test_id("person-switcher")).to_contain_text("Farah Haddad")
    expect(page.get_by_text("Only visible to you")).to_have_count(0)
    page.get_by_test_id("person-switcher").click()
    page.get_by_test_id("person-U0ANA").click()
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("composer-input")).to_be_visible()
    expect(page.get_by_text("Only visible to you")).to_have_count(0)


def test_a_status_is_set_in_the_persons_menu_and_seen_by_others(opens: Opens) -> None:
    sam, ana = opens("U0SAM"), opens("U0ANA")
    sam.get_by_test_id("person-switcher").click()
    sam.get_by_test_id("set-status").click()
    sam.get_by_test_id("status").get_by_role("button", name="Vacationing").click()
    sam.get_by_test_id("status-save").click()
    expect(sam.get_by_test_id("status")).to_have_count(0)
    expect(sam.get_by_test_id("person-switcher")).to_contain_text("Vacationing")
    ana.get_by_test_id("person-switcher").click()
    expect(ana.get_by_test_id("person-U0SAM")).to_contain_text("Vacationing")


def test_a_button_changes_the_message_for_everybody_who_looks(opens: Opens) -> None:
    ana, sam = opens("U0ANA"), opens("U0SAM")
    types(ana, "/budget alert")
    expect(newest(sam)).to_contain_text("Acknowledged by Nobody yet")
    newest(sam).get_by_role("button", name="Acknowledge").click()
    for page in (ana, sam):
        expect(newest(page)).to_contain_text("Acknowledged by sam")
        expect(newest(page)).to_contain_text("(edited)")


def test_a_dangerous_button_asks_first(opens: Opens) -> None:
    page = opens()
    types(page, "/budget alert")
    expect(newest(page)).to_contain_text("Nobody yet")
    stop = newest(page).get_by_role("button", name="Stop")
    stop.click()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    expect(stop).to_be_focused()
    expect(newest(page)).to_contain_text("Nobody yet")
    stop.click()
    page.get_by_test_id("confirm").get_by_role("button", name="Stop").click()
    expect(newest(page)).to_contain_text("Acknowledged by ana")


def test_a_modal_refuses_under_the_field_and_closes_once_it_is_right(opens: Opens) -> None:
    page = opens()
    types(page, "/budget set")
    modal = page.get_by_test_id("modal")
    amount = modal.get_by_label("Amount")
    expect(amount).to_be_focused()
    modal.get_by_test_id("modal-submit").click()
    expect(modal.get_by_text("Please complete this required field.")).to_be_visible()
    amount.fill("a lot")
    amount.press("Enter")
    expect(modal.get_by_text("“a lot” is not an amount. Try 4000.")).to_be_visible()
    expect(amount).to_have_attribute("aria-invalid", "true")
    amount.fill("4000")
    modal.get_by_test_id("modal-submit").click()
    expect(modal).to_have_count(0)
    expect(newest(page)).to_contain_text("set an envelope of 4000 USD")
    expect(page.get_by_test_id("composer-input")).to_be_focused()


def test_every_kind_of_input_arrives_as_slack_sends_it(opens: Opens) -> None:
    page = opens()
    types(page, "/budget form")
    modal = page.get_by_test_id("modal")
    modal.get_by_label("Menu").select_option("throttle")
    modal.get_by_test_id("action-Several").locator("summary").click()
    modal.get_by_test_id("action-Several").get_by_label("Cheap").check()
    modal.get_by_test_id("action-Several").get_by_label("Stop").check()
    modal.get_by_test_id("action-Boxes").get_by_label("Stop").check()
    modal.get_by_test_id("action-One of").get_by_label("Cheap").check()
    modal.get_by_label("Channel").select_option("C0SUPPORT")
    modal.get_by_label("Number").fill("0")
    modal.get_by_label("Day").fill("2026-12-01")
    modal.get_by_label("Address").fill("ana@acme.example")
    modal.get_by_test_id("action-Invoice").set_input_files(
        {"name": "invoice.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    expect(modal.get_by_role("button", name="Remove invoice.csv")).to_be_visible()
    modal.get_by_label("Emptied").fill("")
    modal.get_by_test_id("modal-submit").click()
    expect(modal.get_by_text("Please enter a number of at least 1.")).to_be_visible()
    modal.get_by_label("Number").fill("3")
    modal.get_by_test_id("modal-submit").click()
    expect(newest(page)).to_contain_text(
        "channels_select=C0SUPPORT checkboxes=stop datepicker=2026-12-01 email_text_input=ana@acme.example "
        "file_input=invoice.csv multi_static_select=cheap,stop number_input=3 plain_text_input=None "
        "radio_buttons=cheap static_select=throttle"
    )


def test_an_updated_modal_keeps_what_was_typed_and_a_pushed_one_gives_way_to_it(opens: Opens) -> None:
    page = opens()
    types(page, "/budget set")
    first = page.get_by_role("dialog", name="Set an envelope")
    first.get_by_label("Amount").fill("4321")
    first.get_by_role("button", name="More options").click()
    expect(first.get_by_label("Reason")).to_be_visible()
    expect(first.get_by_label("Amount")).to_have_value("4321")
    first.get_by_role("button", name="Why a sponsor?").click()
    second = page.get_by_role("dialog", name="Why a sponsor")
    expect(second).to_contain_text("Somebody decides.")
    expect(first).to_be_hidden()
    second.get_by_role("button", name="Back").click()
    expect(first.get_by_label("Amount")).to_have_value("4321")
    first.get_by_test_id("modal-submit").click()
    expect(newest(page)).to_contain_text("set an envelope of 4321 USD")


def test_escape_closes_a_modal_and_gives_the_focus_back(opens: Opens) -> None:
    page = opens()
    types(page, "/budget set")
    expect(page.get_by_test_id("modal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("modal")).to_have_count(0)
    expect(page.get_by_test_id("composer-input")).to_be_focused()


def test_markup_in_messages_of_people_and_of_the_app_stays_text(opens: Opens) -> None:
    page = opens()
    types(page, HOSTILE)
    expect(newest(page)).to_contain_text(HOSTILE)
    types(page, "/budget hostile")
    expect(newest(page)).to_contain_text("Only visible to you")
    expect(newest(page)).to_contain_text("<b>not bold</b>")
    assert newest(page).locator("script, img[onerror], b, a[href^='javascript']").count() == 0
    assert "owned" not in page.title()


def test_an_app_that_does_not_acknowledge_is_named_and_the_text_comes_back(opens: Opens) -> None:
    page = opens()
    types(page, "/budget silence")
    expect(page.get_by_text("Waiting for Outlay…")).to_be_visible()
    expect(page.get_by_test_id("composer-error")).to_have_text("/budget did not respond (operation_timeout)")
    expect(page.get_by_test_id("composer-input")).to_have_value("/budget silence")


def test_a_thread_opens_beside_the_channel_and_takes_replies(opens: Opens) -> None:
    page = opens()
    types(page, "How much of it is real traffic?")
    message = newest(page)
    expect(message).to_contain_text("real traffic")
    message.hover()
    message.get_by_test_id("reply").click()
    reply = page.get_by_test_id("reply-input")
    expect(reply).to_be_focused()
    reply.fill("/budget status")
    reply.press("Enter")
    expect(page.get_by_text("/budget is not supported in threads. Sorry!")).to_be_visible()
    reply.fill("All of it, says @farah")
    reply.press("Enter")
    expect(page.get_by_test_id("thread").get_by_test_id("message").last).to_contain_text(
        "All of it, says @Farah Haddad"
    )
    expect(message.get_by_test_id("thread-summary")).to_contain_text("1 reply")
    reply.press("Escape")
    expect(page.get_by_test_id("thread")).to_be_hidden()


def test_unread_messages_and_new_ones_are_marked_and_read_out(opens: Opens) -> None:
    ana, ben = opens("U0ANA", "#/C0GENERAL"), opens("U0BEN", "#/C0BUDGET")
    types(ana, "@ben please look")
    row = ben.get_by_test_id("channel-C0GENERAL")
    expect(row.locator(".badge")).to_have_text("1")
    expect(ben.get_by_test_id("announcer")).to_contain_text("Ana Ruiz: @Ben Okafor please look")
    row.click()
    expect(ben.get_by_test_id("feed")).to_contain_text("please look")
    expect(row.locator(".badge")).to_have_count(0)


def test_the_composer_completes_commands_people_and_what_was_sent(opens: Opens) -> None:
    page = opens()
    field = page.get_by_test_id("composer-input")
    field.press_sequentially("/bu")
    expect(page.get_by_test_id("completion")).to_contain_text("/budget")
    field.press("Enter")
    expect(field).to_have_value("/budget ")
    field.press_sequentially("set owner=@far")
    field.press("Tab")
    expect(field).to_have_value("/budget set owner=@farah ")
    types(page, "a first message")
    expect(newest(page)).to_contain_text("a first message")
    field.press("ArrowUp")
    expect(field).to_have_value("a first message")


def test_the_home_tab_is_drawn_and_answers_clicks(opens: Opens) -> None:
    page = opens(link="#/home")
    home = page.get_by_test_id("home")
    expect(home).to_contain_text("Never clicked")
    home.get_by_role("button", name="Count").click()
    expect(home).to_contain_text("Clicked once")


def test_the_json_behind_a_message_and_the_traffic_are_shown(opens: Opens) -> None:
    page = opens()
    types(page, "/budget alert")
    expect(newest(page)).to_contain_text("Nobody yet")
    newest(page).hover()
    newest(page).get_by_test_id("show-payload").click()
    expect(page.get_by_test_id("payload")).to_contain_text('"action_id": "acknowledge"')
    page.keyboard.press("Escape")
    page.get_by_test_id("traffic-open").click()
    page.get_by_test_id("traffic-filter").fill("chat.postmessage")
    row = page.get_by_test_id("traffic-row").first
    expect(row).to_contain_text("chat.postMessage")
    row.get_by_role("button").click()
    expect(page.locator(".traffic-detail:not([hidden])")).to_contain_text("82 %")


def test_the_tour_does_a_step_for_the_person(opens: Opens) -> None:
    page = opens("U0ANA", "#/C0GENERAL")
    page.get_by_test_id("tour-do").click()
    expect(page.get_by_test_id("person-switcher")).to_contain_text("Farah Haddad")
    expect(newest(page).get_by_test_id("data-table")).to_be_visible()
    page.get_by_test_id("tour-next").click()
    page.reload()
    expect(page.get_by_role("button", name="Take the tour")).to_be_visible()


def test_the_clock_moves_by_its_buttons(opens: Opens, workspace: str) -> None:
    page = opens()
    expect(page.get_by_test_id("clock-now")).to_contain_text("UTC")
    page.get_by_test_id("clock-1d").click()
    expect(page.get_by_test_id("clock-1d")).to_be_enabled()
    expect(page.get_by_test_id("notices")).to_have_count(0)
