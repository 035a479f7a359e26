"""An appointment that is put off, or said to be over, in its form: what goes along with the start,
and what is asked about before it is saved."""

from test_board import Change, day


class PutOff(Change):
    def test_a_visit_put_off_takes_as_long_as_before_unless_another_end_is_written(self):
        shop = self.page()
        self.visit(shop, ends=f"{day(9)}T16:30")
        browser = self.browser()
        form = browser.get("/appointments/1/edit").text
        note = "The end went along with the start"
        for values, end in (({"starts-time": "18:00"}, f"{day(9)}T19:30"),
                            ({"starts-time": "23:00"}, f"{day(10)}T00:30"),
                            ({"starts-time": "10:00", "starts-date": day(12)},
                             f"{day(12)}T11:30"),
                            ({"starts-time": "18:00", "ends-time": "19:00"}, f"{day(9)}T19:00"),
                            ({"starts-date": day(12)}, f"{day(12)}T16:30")):
            page = self.send(browser, "appointments", form, **values)
            self.assertEqual(page.status, 200, values)
            moved = "ends-time" not in values and "starts-time" in values
            (self.assertIn if moved else self.assertNotIn)(note, page.text)
            self.assertEqual(self.send(browser, "appointments", page.text, do="save").status, 303)
            row = shop.query("SELECT ends FROM appointment")[0]
            self.assertEqual(row["ends"], end)
            shop.sql(f"UPDATE appointment SET starts = '{day(9)}T15:00', "
                     f"ends = '{day(9)}T16:30';")
            form = browser.get("/appointments/1/edit").text

    def test_an_end_that_went_along_can_be_set_back(self):
        shop = self.page()
        self.visit(shop, ends=f"{day(9)}T16:30")
        browser = self.browser()
        form = browser.get("/appointments/1/edit").text
        page = self.send(browser, "appointments", form, **{"starts-time": "14:00"})
        self.assertIn("The end went along", page.text)
        form = self.send(browser, "appointments", page.text, do="back").text
        page = self.send(browser, "appointments", form, **{"ends-time": "16:30"})
        self.assertEqual(self.send(browser, "appointments", page.text, do="save").status, 303)
        row = shop.query("SELECT starts, ends FROM appointment")[0]
        self.assertEqual(list(row.values()), [f"{day(9)}T14:00", f"{day(9)}T16:30"])

    def test_a_visit_of_days_that_is_put_off_has_as_many_days(self):
        shop = self.page()
        self.visit(shop, starts=day(9), ends=day(11))
        browser = self.browser()
        form = browser.get("/appointments/1/edit").text
        page = self.send(browser, "appointments", form, **{"starts-date": day(20)})
        self.send(browser, "appointments", page.text, do="save")
        row = shop.query("SELECT starts, ends FROM appointment")[0]
        self.assertEqual(list(row.values()), [day(20), day(22)])

    def test_what_is_said_to_be_over_and_lies_ahead_is_asked_about(self):
        shop = self.page()
        self.visit(shop)
        browser = self.browser()
        for status, words in (("completed", True), ("missed", True), ("cancelled", False)):
            page = self.send(browser, "appointments", browser.get("/appointments/1").text,
                             status=status)
            self.assertEqual(page.status, 200)
            (self.assertIn if words else self.assertNotIn)("is still to come", page.text)
        shop.sql("UPDATE appointment SET starts = '2020-05-06T10:00';")
        page = self.send(browser, "appointments", browser.get("/appointments/1").text,
                         status="completed")
        self.assertNotIn("is still to come", page.text)
